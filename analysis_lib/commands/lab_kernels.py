"""How does a kernel of the lab start? Without a word on the terminal, since what it has to say stands in the notebook.

That stream could repeat data, and a kernel that is ended while it starts would leave a traceback there.
"""

from __future__ import annotations

import os
import subprocess
from typing import Any

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from traitlets import Bool


class LabKernelManager(ServerKernelManager):
    """The server's own kernel manager, whose kernels do not write below what the command has said.

    Parameters
    ----------
    silent
        Whether what a kernel itself writes is thrown away; not with ``--debug``.
    """

    silent = Bool(True).tag(config=True)

    async def start_kernel(self, *words: Any, **settings: Any) -> None:  # type: ignore[override]  # async there too
        """Start the kernel process."""
        environment = dict(settings.get("env") or os.environ)
        environment.pop(
            "JUPYTER_NO_CONFIG", None
        )  # with it every kernel would make a folder of settings and leave it
        settings["env"] = environment
        if self.silent:
            settings |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        await super().start_kernel(*words, **settings)
