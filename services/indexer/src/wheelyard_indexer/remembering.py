"""From a request that Flask answers to what the memory in front of it keeps."""

from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from flask import current_app, g

from wheelyard_core.adapters.cache.epoch import GRANT_SECONDS
from wheelyard_core.simple.render import Rendered
from wheelyard_core.usecases.pages import Pages
from wheelyard_indexer.hot import address_of, grant_key
from wheelyard_indexer.memory import Grant, Memory
from wheelyard_indexer.reading import Allowed
from wheelyard_web.identity import registry


def memory() -> Memory:
    """Return the memory of this process."""
    found = current_app.extensions["wheelyard.memory"]
    assert isinstance(found, Memory)  # noqa: S101  put there by create_app
    return found


@dataclass(slots=True)
class Remembering:
    """One request's ticket, taken before the database or Redis are asked.

    A grant lives for ten seconds, so that whoever uses it comes by here, where the token's last
    use is noted.
    """

    memory: Memory
    ticket: int | None
    environ: dict[str, Any]
    began: float = field(default_factory=monotonic)
    _key: str | None = None

    @classmethod
    def begin(cls, memory: Memory, environ: dict[str, Any]) -> "Remembering":
        """Take a ticket."""
        return cls(memory, memory.ticket(), environ)

    def grant(self, allowed: Allowed, pages: Pages, package: str) -> None:
        """Keep that the request's credentials may read this project."""
        self._key = pages.key(allowed.project.id, package)
        address = address_of(self.environ["PATH_INFO"])
        if address is None or address[1] != package:
            # The router read the address otherwise than the hot path would.
            return
        seconds = GRANT_SECONDS
        if allowed.until is not None:
            seconds = min(seconds, (allowed.until - registry().now()).total_seconds())
        stem = pages.key(allowed.project.id)
        grant = Grant(stem, allowed.public, self.began + seconds, g.get("actor"))
        self.memory.remember_grant(grant_key(self.environ, address[0]), grant, self.ticket)

    def page(self, page: Rendered) -> None:
        """Keep the page. One without a serial changes without a word, and is not kept."""
        if self._key is not None and page.serial:
            self.memory.remember_page(self._key, page, self.ticket)
