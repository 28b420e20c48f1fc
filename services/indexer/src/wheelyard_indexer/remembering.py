"""From a request that Flask answers to what the memory in front of it keeps."""

from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Final

from flask import g

from wheelyard_core.adapters.cache.epoch import GRANT_SECONDS
from wheelyard_core.domain.group_index import ReadableGroup
from wheelyard_core.ports import DatabaseUnavailable
from wheelyard_core.simple.render import Rendered
from wheelyard_core.usecases.pages import Pages
from wheelyard_indexer.addresses import is_group_of, is_place_of, place_of
from wheelyard_indexer.file_answers import ServedFile
from wheelyard_indexer.group_grants import GroupGrant
from wheelyard_indexer.hot import grant_key, remembered_grant, remembered_group
from wheelyard_indexer.memory import Grant, Memory
from wheelyard_indexer.reading import Allowed, allowed_group, allowed_to_pull
from wheelyard_web.identity import registry
from wheelyard_web.parts import part

_REST_SECONDS: Final = 2.0


class Outage:
    """Remembers that the database was away a moment ago: not every request must find it out."""

    def __init__(self) -> None:
        self._until = 0.0

    def is_known(self) -> bool:
        """Tell whether it is not to be asked now by whoever can do without."""
        return monotonic() < self._until

    def note(self) -> None:
        """Note that it was asked in vain; the next to ask it is the first after a rest."""
        self._until = monotonic() + _REST_SECONDS


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

    @classmethod
    def begin(cls, memory: Memory, environ: dict[str, Any]) -> "Remembering":
        """Take a ticket."""
        return cls(memory, memory.ticket(), environ)

    def allowed(self, reference: str) -> Allowed:
        """Return the project, by a decision that is remembered or made now.

        Raises the ladder's refusal.
        """
        place = place_of(self.environ["PATH_INFO"])
        if place is None or not is_place_of(place, reference):
            # The router read the address otherwise than the hot path would.
            return allowed_to_pull(reference)
        grant = remembered_grant(self.memory, self.environ, place)
        if grant is not None:
            g.actor = grant.actor
            return Allowed(grant.project_id, grant.public, None)
        stale = self._stale(place)
        if stale is not None and part(Outage).is_known():
            return _allowed_stale(stale)
        try:
            allowed = allowed_to_pull(reference)
        except DatabaseUnavailable:
            part(Outage).note()
            if stale is None:
                raise
            return _allowed_stale(stale)
        self._remember(allowed, place)
        return allowed

    def known_file(self, allowed: Allowed, sha256: str, filename: str) -> ServedFile | None:
        """Return which blob an address stood for, where the database cannot be asked."""
        if not allowed.stale or not self.memory.is_current():
            return None
        return self.memory.file((allowed.project_id, sha256, filename))

    def allowed_group(self, reference: str) -> ReadableGroup:
        """Return what may be read below a group, by a decision that is remembered or made now.

        Raises the ladder's refusal.
        """
        place = place_of(self.environ["PATH_INFO"])
        if place is None or not is_group_of(place, reference):
            return allowed_group(reference).group
        kept = remembered_group(self.memory, self.environ, place)
        if kept is not None:
            g.actor = kept.actor
            return kept.group
        allowed = allowed_group(reference)
        grant = GroupGrant(allowed.group, self._until(allowed.until), g.get("actor"))
        self.memory.remember_group(grant_key(self.environ, place), grant, self.ticket)
        return allowed.group

    def page(self, key: str, page: Rendered) -> None:
        """Keep the page. One without a serial changes without a word, and is not kept."""
        if page.serial:
            self.memory.remember_page(key, page, self.ticket)

    def file(self, project_id: int, sha256: str, filename: str, file: ServedFile) -> None:
        """Keep which blob an address stands for."""
        self.memory.remember_file((project_id, sha256, filename), file, self.ticket)

    def _stale(self, place: str) -> Grant | None:
        """Return the decision as it last was, while nobody can have changed it.

        Redis tells of every change of access, also of those that the database took from others: an
        older decision that was not taken back holds. A token's own end was known when it was made.
        """
        if not self.memory.is_current():
            return None
        grant = self.memory.grant(grant_key(self.environ, place))
        return None if grant is None or grant.stale_until <= monotonic() else grant

    def _remember(self, allowed: Allowed, place: str) -> None:
        stem, until = part(Pages).key(allowed.project_id), self._until(allowed.until)
        stale_until = self._until(allowed.until, registry().settings.http.stale_seconds)
        actor = g.get("actor")
        grant = Grant(allowed.project_id, stem, allowed.public, until, actor, stale_until)
        self.memory.remember_grant(grant_key(self.environ, place), grant, self.ticket)

    def _until(self, end: datetime | None, seconds: float = GRANT_SECONDS) -> float:
        if end is not None:
            seconds = min(seconds, (end - registry().now()).total_seconds())
        return self.began + seconds


def _allowed_stale(grant: Grant) -> Allowed:
    g.actor, g.stale = grant.actor, True
    return Allowed(grant.project_id, grant.public, None, stale=True)
