"""How does the runner talk to a kernel so that nobody else on the machine can listen?

The connection is encrypted where the installed libraries can, and the kernel is shut down at once: the runner
has what it needs when the last cell has run.
"""

from __future__ import annotations

from typing import Any

from jupyter_client.manager import AsyncKernelManager


class EncryptedKernelManager(AsyncKernelManager):
    """The standard kernel manager with encryption switched on."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if self.has_trait("transport_encryption"):
            self.transport_encryption = "auto"
