"""How does the runner talk to a kernel so that nobody else on the machine can listen?

The connection is encrypted where the installed libraries can. What a kernel writes to its own error stream is
not shown: the runner judges by the cells, and that stream could repeat data.
"""

from __future__ import annotations

import subprocess
from typing import Any

from jupyter_client.manager import AsyncKernelManager


class EncryptedKernelManager(AsyncKernelManager):
    """The standard kernel manager with encryption switched on and a silent kernel."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if self.has_trait("transport_encryption"):
            self.transport_encryption = "auto"

    async def start_kernel(self, **settings: Any) -> None:  # type: ignore[override]  # async there too
        """Start the kernel process."""
        settings.setdefault("stderr", subprocess.DEVNULL)
        await super().start_kernel(**settings)
