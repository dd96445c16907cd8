"""Whether a descriptor stands for a process that another has made: what we are told of it need not be true.

Source: pidfd_open(2), proc_pid_fdinfo(5), proc_pid_stat(5).
"""

import re
from pathlib import Path

_PID = re.compile(r"^Pid:\s+(-?\d+)$", re.MULTILINE)
_ENDED = -1


def is_child(pidfd: int, pid: int, parent: int) -> bool:
    """Whether a descriptor is of a child of a process, with this number, or of no process any more.

    One that has ended and was waited for has no parent that could be asked for, and takes no signal.
    """
    found = _PID.search(Path(f"/proc/self/fdinfo/{pidfd}").read_text(encoding="ascii"))
    if found is None:
        return False
    number = int(found[1])
    return number == _ENDED or (number == pid and _parent(pid) in {parent, None})


def _parent(pid: int) -> int | None:
    """The process that has made one; None if that one is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(stat.rpartition(b") ")[2].split()[1])
