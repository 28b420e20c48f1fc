"""Links in a tar archive: whether one leads out of the top folder once it is unpacked.

As `tarfile`'s data filter decides (PEP 706), but without a file system: a link that leads through
other links is followed through the archive's own members.
"""

from collections.abc import Mapping

# A real archive takes some thousand steps. Hostile ones run out of them.
_MAX_STEPS = 500_000
# Operating systems give up a path that leads through so many links.
_MAX_LINKS_FOLLOWED = 40


class TooManySteps(Exception):
    """The archive's links cannot be followed in reasonable time."""


class Links:
    """The symbolic links of an archive: their targets by their own normalized paths."""

    def __init__(self, targets: Mapping[str, str]) -> None:
        self._targets = targets
        self._steps = _MAX_STEPS

    def escapes(self, path: str) -> bool:
        """Whether following the link at `path` leaves the folder of its first part.

        Raise `TooManySteps` when all links together ask for too many.
        """
        reached = path.split("/")[:-1]
        top = reached[:1]
        waiting = self._parts(path)
        followed = 0
        while waiting:
            self._steps -= 1
            if self._steps < 0:
                raise TooManySteps
            part = waiting.pop()
            if part == "..":
                if not reached:
                    return True
                reached.pop()
                continue
            reached.append(part)
            here = "/".join(reached)
            if here in self._targets:
                followed += 1
                if followed > _MAX_LINKS_FOLLOWED:
                    return False  # a circle: nothing can be read or written through it
                reached.pop()
                waiting.extend(self._parts(here))
        # Out and in again is fine; the folder above is as far as a path may go on the way.
        return reached[:1] != top

    def _parts(self, path: str) -> list[str]:
        """Return the parts of a link's target, the last one first."""
        parts = self._targets[path].replace("\\", "/").split("/")
        return [part for part in reversed(parts) if part not in {"", "."}]
