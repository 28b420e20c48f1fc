"""Problems of an archive, collected so that a publisher can mend all of them at once."""

from collections.abc import Iterable
from typing import NoReturn

from wheelyard_core.domain.errors import InvalidDistribution

_MAX_SENTENCES = 50


class Problems:
    """A bounded list of sentences. An archive of 100,000 flaws is told about 50 of them."""

    def __init__(self, limit: int = _MAX_SENTENCES) -> None:
        self._limit = limit
        self._sentences: dict[str, None] = {}
        self._unlisted = 0

    def add(self, sentence: str) -> None:
        """Note a problem; the same sentence twice is one problem."""
        if sentence in self._sentences:
            return
        if len(self._sentences) < self._limit:
            self._sentences[sentence] = None
        else:
            self._unlisted += 1

    def extend(self, sentences: Iterable[str]) -> None:
        """Note several problems."""
        for sentence in sentences:
            self.add(sentence)

    def stop(self, *sentences: str) -> NoReturn:
        """Note problems behind which nothing can be read, and raise all that were noted."""
        self.extend(sentences)
        raise self._verdict()

    def raise_any(self) -> None:
        """Raise `InvalidDistribution` with everything that was noted, if anything was."""
        if self._sentences:
            raise self._verdict()

    def _verdict(self) -> InvalidDistribution:
        more = [f"And {self._unlisted} more problems."] if self._unlisted else []
        return InvalidDistribution(*self._sentences, *more)
