"""What the kernel knows of running processes: families, names, memory."""

from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def family(pid: int) -> list[int]:
    """Return the process and everything below it."""
    parents = dict(_parents())
    found = [pid]
    for member in found:
        found += [child for child, parent in parents.items() if parent == member]
    return found


def name(pid: int) -> str:
    """Return the name that a process has in `ps`; nothing for one that is gone."""
    try:
        return (_PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""


def peak_memory(pid: int) -> int:
    """Return the most resident memory, in bytes, that a process ever had since `forget_peak`."""
    lines = (_PROC / str(pid) / "status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) << 10


def forget_peak(pid: int) -> None:
    """Have the peak counted from now on."""
    (_PROC / str(pid) / "clear_refs").write_text("5")


def _parents() -> Iterator[tuple[int, int]]:
    for folder in _PROC.glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text(errors="replace")
        except OSError:
            continue
        # The name, in parentheses, may have anything in it.
        yield int(folder.name), int(stat.rpartition(")")[2].split()[1])
