"""How does the executor talk to a kernel, promptly and so that nobody else on the machine can listen?

The connection is encrypted where the installed libraries can. What a kernel writes to its own error stream is
not shown: the runner judges by the cells, and that stream could repeat data. A kernel that was forked and waits is
told where to connect; where there is none, one is started as usual.

References: Jupyter client documentation, kernel provisioning; pyzmq documentation, CurveZMQ.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from queue import Empty
from typing import Any, ClassVar
from uuid import uuid4

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from analysis_lib.runner.forked import LAUNCHER, POLL, ForkedKernel


class ForkedProvisioner(LocalProvisioner):
    """Connects a waiting kernel instead of starting a process, where the kernel is one of this very Python."""

    waiting: ForkedKernel | None = None

    async def launch_kernel(self, cmd: list[str], **settings: Any) -> Any:
        """Tell the waiting kernel where to connect; another program than ours starts as usual."""
        waiting, self.waiting = self.waiting, None
        ours = LAUNCHER in cmd and os.path.realpath(cmd[0]) == os.path.realpath(sys.executable)
        if waiting is None or not ours:
            return await super().launch_kernel(cmd, **settings)
        environment = dict(settings.get("env") or os.environ)
        environment["JPY_PARENT_PID"] = str(os.getpid())
        waiting.connect(cmd[cmd.index(LAUNCHER) + 1 :], environment)
        self.process = waiting  # type: ignore[assignment]  # the part of Popen that is used
        self.pid = self.pgid = waiting.pid
        return self.connection_info


class PromptClient(AsyncKernelClient):
    """Ready once a reply and the status that goes with it have come, without a wait for silence."""

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        until = time.monotonic() + (float("inf") if timeout is None else timeout)
        while True:
            asked = self.kernel_info()
            reply = await self._answer_to(asked, self.shell_channel, 1.0)
            if reply is not None and await self._answer_to(asked, self.iopub_channel, 0.2) is not None:
                self._handle_kernel_info_reply(reply)
                return
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > until:
                raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")

    wait_for_ready = _async_wait_for_ready  # what the executor calls

    @staticmethod
    async def _answer_to(asked: str, channel: Any, seconds: float) -> Any:
        """The reply to a request, or on the broadcast channel its last status; None if it does not come in time."""
        while True:
            try:
                message = await channel.get_msg(timeout=seconds)
            except Empty:
                return None
            ours = message["parent_header"].get("msg_id") == asked
            if ours and message["content"].get("execution_state", "idle") == "idle":
                return message


class EncryptedKernelManager(AsyncKernelManager):
    """The standard kernel manager with encryption switched on and a silent kernel, forked where one waits."""

    waiting: ClassVar[ForkedKernel | None] = None

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.client_class = f"{PromptClient.__module__}.{PromptClient.__name__}"
        if self.has_trait("transport_encryption"):
            self.transport_encryption = "auto"

    async def start_kernel(self, **settings: Any) -> None:  # type: ignore[override]  # async there too
        """Start the kernel process."""
        settings.setdefault("stderr", subprocess.DEVNULL)
        self.kernel_id = self.kernel_id or str(uuid4())
        private = os.environ.get("JUPYTER_RUNTIME_DIR")
        if private:  # the connection file holds keys, and would lie in the folder that everybody shares
            self.connection_file = os.path.join(private, f"kernel-{self.kernel_id}.json")
        if self.provisioner is None:
            self.provisioner = ForkedProvisioner(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
            )
            self.provisioner.waiting = self.waiting
        await super().start_kernel(**settings)

    async def _async_wait(self, pollinterval: float = POLL) -> None:
        while await self._async_is_alive():
            await asyncio.sleep(min(pollinterval, POLL))


def manager_of(kernel: ForkedKernel | None) -> type[EncryptedKernelManager]:
    """The kernel manager for one notebook: it connects this kernel, or starts a cold one where there is none."""
    return type("OneKernelManager", (EncryptedKernelManager,), {"waiting": kernel})
