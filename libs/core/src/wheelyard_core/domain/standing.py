"""How a package stands: whether it takes new files, and whether it shows those that it has.

PEP 792's project status markers; its "project" is our package.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wheelyard_core.domain.errors import NotAllowed
from wheelyard_core.domain.wording import printable


class PackageStatus(StrEnum):
    """The markers of PEP 792."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    QUARANTINED = "quarantined"
    DEPRECATED = "deprecated"


# What takes no new files.
_CLOSED: Final = frozenset({PackageStatus.ARCHIVED, PackageStatus.QUARANTINED})


@dataclass(frozen=True, slots=True)
class Standing:
    """A package's status, and why it has it."""

    status: PackageStatus = PackageStatus.ACTIVE
    reason: str | None = None

    @property
    def hides(self) -> bool:
        """Whether the package's files are neither listed nor served."""
        return self.status is PackageStatus.QUARANTINED

    def require_open(self, package: str) -> None:
        """Raise NotAllowed where the package takes no new files."""
        if self.status in _CLOSED:
            why = f": {printable(self.reason)}" if self.reason else ""
            raise NotAllowed(
                f"The package {package} is {self.status.value} and takes no new files{why}"
            )


def standing_of_all(standings: Sequence[Standing]) -> Standing:
    """Return how a name stands that several projects of a group have.

    Where one of them hides its files, the page shows those of the others, and so stands as they
    do; where these disagree, nothing is said of the whole.
    """
    shown = [standing for standing in standings if not standing.hides] or list(standings)
    first = shown[0] if shown else Standing()
    return first if all(one.status is first.status for one in shown) else Standing()
