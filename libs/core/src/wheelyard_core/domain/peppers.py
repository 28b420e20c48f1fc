"""The keys of what is stored of tokens: a ring, so that one can take another's place.

The newest makes new digests and signs sessions; every one in the ring is accepted. A replica may
hear of a new pepper minutes before another does, so a ring that was just changed is not *settled*:
the newest is accepted then, and the one before it goes on making what the others must understand.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

_NAME: Final = b"the name of this pepper"
_NAME_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a secret: its keyed digest, and the name of the pepper that keyed it."""

    digest: str
    pepper: str


@dataclass(frozen=True, slots=True)
class Pepper:
    """One key, and the name that tells it from others without telling what it is."""

    key: bytes = field(repr=False)
    name: str

    @classmethod
    def of(cls, text: str) -> "Pepper":
        """Build from what stands in the file."""
        key = text.encode()
        return cls(key, hmac.new(key, _NAME, hashlib.sha256).hexdigest()[:_NAME_LENGTH])

    def store(self, secret: str) -> Stored:
        """Return what is stored of *secret*: HMAC-SHA-256 under the key, in hexadecimal."""
        content = secret.encode("utf-8", "surrogatepass")
        return Stored(hmac.new(self.key, content, hashlib.sha256).hexdigest(), self.name)


@dataclass(frozen=True, slots=True)
class Peppers:
    """The ring, the newest first; `settled` when every process has it by now."""

    ring: tuple[Pepper, ...]
    settled: bool = True

    @classmethod
    def parse(cls, text: str) -> "Peppers":
        """Build from the peppers' lines. Raises ValueError where there are none."""
        lines = [line.strip() for line in text.splitlines()]
        ring = tuple(Pepper.of(line) for line in lines if line)
        if not ring:
            raise ValueError("at least one pepper")
        return cls(ring)

    @property
    def current(self) -> Pepper:
        """The pepper that makes new digests and signs."""
        return self.ring[0] if self.settled or len(self.ring) == 1 else self.ring[1]

    def oldest_first(self) -> tuple[Pepper, ...]:
        """Return the ring with the current pepper last: itsdangerous signs by the last one."""
        others = [pepper for pepper in reversed(self.ring) if pepper is not self.current]
        return (*others, self.current)

    def keyed(self, secret: str) -> tuple[Stored, ...]:
        """Return what may be stored of *secret*, by each pepper in turn."""
        return tuple(pepper.store(secret) for pepper in self.ring)

    def renewal(self, secret: str, found: Stored, noted: str | None) -> Stored | None:
        """Return what shall be stored of *secret* instead of *found*; None where that is right.

        *noted* is the stored name of the pepper; None for digests of releases that stored no name.
        """
        names = [pepper.name for pepper in self.ring]
        behind = names.index(found.pepper) > names.index(self.current.name)
        wanted = self.current.store(secret) if behind else found
        return None if wanted.pepper == noted else wanted
