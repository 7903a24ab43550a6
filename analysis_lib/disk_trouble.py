"""What is said when a disk is full, read-only or broken?

References: errno(3), Linux manual pages.
"""

from __future__ import annotations

import errno

from analysis_lib.errors import Finding, StudyError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
_BROKEN = (errno.EIO, errno.ESTALE, errno.ENXIO)


def trouble(error: OSError, place: str) -> StudyError | None:
    """What a refusal of the system means to who asked for a run; None where it is no matter of the disk.

    Parameters
    ----------
    place
        What could not be written, such as the name of a wave.
    """
    if error.errno in NO_ROOM:
        what = "the disk, or the share of it that you may use, is full."
        fix = "Make room, then run it again. What was there before is untouched."
        return StudyError(Finding("stop", "O22", place, what, fix))
    if error.errno in _FORBIDDEN:
        what = "the system refuses access: the folder is read-only or belongs to somebody else."
        fix = "Name another folder, or ask whoever owns it. What was there before is untouched."
        return StudyError(Finding("stop", "O20", place, what, fix))
    if error.errno in _BROKEN:
        what = "the disk did not keep what was written to it."
        fix = "Write to another disk, and have this one looked at. What was there before is untouched."
        return StudyError(Finding("stop", "O23", place, what, fix))
    return None
