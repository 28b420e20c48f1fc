"""Archives that must be refused, each with what the refusal has to say.

One parametrised test goes over this table at the formats, one through HTTP.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.distributions import Built
from tests.support.hostile_sdists import SDISTS
from tests.support.hostile_wheels import WHEELS


@dataclass(frozen=True, slots=True)
class Hostile:
    """A case; `sentence` is a pattern that the refusal must match."""

    name: str
    sentence: str
    build: Callable[[], Built]

    @property
    def built(self) -> Built:
        """The archive, built when it is asked for: some are large."""
        return self.build()

    def __str__(self) -> str:
        return self.name


HOSTILE = (
    *(Hostile(f"wheel: {name}", sentence, build) for name, sentence, build in WHEELS),
    *(Hostile(f"sdist: {name}", sentence, build) for name, sentence, build in SDISTS),
)
