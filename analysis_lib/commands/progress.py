"""What is running, how long has it been, what is left? Told while a run lasts.

On a terminal a line at the bottom changes; elsewhere, where such a line would be noise, each finished piece is a line.

References: tqdm documentation.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from analysis_lib.commands.findings import is_live

_LINE = "{desc} |{bar:20}| {n_fmt} of {total_fmt} steps, {elapsed}"


class Progress:
    """The pieces of a run, notebooks and reports, while they are worked on.

    Parameters
    ----------
    steps
        How many pieces there are.

    Examples
    --------
    >>> with Progress(2) as progress:  # not on a terminal
    ...     progress.running([("w1", "01_wave_intake")])
    ...     progress.done("w1", "01_wave_intake", 1.26)
      w1  01_wave_intake  1.3 s  (1 of 2)
    """

    def __init__(self, steps: int):
        self._steps, self._finished = steps, 0
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if is_live(sys.stderr):
            from tqdm import tqdm  # noqa: PLC0415

            self._bar = tqdm(
                total=self._steps, bar_format=_LINE, dynamic_ncols=True, mininterval=0, leave=False
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def running(self, pieces: list[tuple[str, str]]) -> None:
        """These pieces are being worked on."""
        if self._bar is not None:
            self._bar.set_description_str(said(pieces))

    def done(self, wave: str, piece: str, seconds: float) -> None:
        """A piece has ended, well or not."""
        self._finished += 1
        if self._bar is not None:
            self._bar.update()
        else:
            print(f"  {wave}  {piece}  {seconds:.1f} s  ({self._finished} of {self._steps})", flush=True)


def said(running: list[tuple[str, str]]) -> str:
    """What is running, each wave once.

    Examples
    --------
    >>> said([("w1", "01_wave_intake"), ("w1", "report"), ("w2", "01_wave_intake")])
    'w1: 01_wave_intake, report; w2: 01_wave_intake'
    """
    waves = dict.fromkeys(wave for wave, _ in running)
    return "; ".join(f"{wave}: {', '.join(what for each, what in running if each == wave)}" for wave in waves)
