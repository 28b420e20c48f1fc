"""What this process remembers: pages, ready to send, and who may read them.

It is right for as long as Redis tells of every change (adapters/cache/tracking.py), and is asked
only then. Reads take no lock: a dictionary's `get` is whole under the interpreter's own.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Protocol, TypeAlias

from wheelyard_core.domain.access import Actor
from wheelyard_core.simple.negotiation import Offer
from wheelyard_core.simple.render import Rendered, Variant
from wheelyard_indexer.answers import Answer, page_answer

GrantKey: TypeAlias = tuple[str | None, ...]

_GRANTS: Final = 20_000
# What an entry weighs beside its bodies: objects, headers, its share of the dictionary.
_OVERHEAD: Final = 8_192
# Longer credentials are nobody's; they would only fill the memory.
_LONGEST_CREDENTIALS: Final = 1_024


class Coherence(Protocol):
    """Tells a memory what has changed, and whether it knows."""

    def follow(self, follower: "Memory") -> None:
        """Begin to tell *follower*."""
        ...

    def is_current(self) -> bool:
        """Tell whether the follower has heard of every change so far."""
        ...


@dataclass(frozen=True, slots=True)
class Grant:
    """A positive decision: these credentials may read the pages whose keys begin with *stem*."""

    stem: str
    public: bool
    until: float
    actor: Actor | None = None


@dataclass(slots=True, eq=False)
class RememberedPage:
    """A page and its answers, made when they are first asked for."""

    page: Rendered
    cost: int
    used: bool = True
    _answers: dict[tuple[Offer, bool, bool], Answer] = field(default_factory=dict)

    def answer(self, offer: Offer, *, gzip: bool, public: bool) -> Answer:
        """Return the answer in this form."""
        form = (offer, gzip, public)
        found = self._answers.get(form)
        if found is None:
            found = page_answer(self.page, offer, gzip=gzip, public=public)
            self._answers[form] = found
        return found


class Memory:
    """Pages and grants of one process, within *limit* bytes of pages.

    A ticket is taken before anything is read that will be remembered. What was read under a ticket
    is not remembered when a change was heard of since: it may be what changed.
    """

    def __init__(self, coherence: Coherence, epoch_key: str, limit: int) -> None:
        self._coherence = coherence
        self._epoch_key = epoch_key
        self._limit = limit
        self._guard = Lock()
        self._is_following = False
        self._generation = 0
        self._pages: OrderedDict[str, RememberedPage] = OrderedDict()
        self._size = 0
        self._grants: OrderedDict[GrantKey, Grant] = OrderedDict()
        # May be called before anything is looked up: what was heard by then is forgotten by then.
        self.is_current = coherence.is_current
        self.grant = self._grants.get

    def page(self, key: str) -> RememberedPage | None:
        """Return a page. Ask `is_current` first."""
        found = self._pages.get(key)
        if found is not None:
            found.used = True
        return found

    def ticket(self) -> int | None:
        """Return what reading begins with; None while nothing can be remembered."""
        if not self._is_following:
            self._follow()
        # Before the question: what is heard in between counts.
        generation = self._generation
        return generation if self.is_current() else None

    def remember_page(self, key: str, page: Rendered, ticket: int | None) -> None:
        """Keep a page that was read under *ticket*; an older one goes in any case.

        To be called before the page is sent: Redis may have shown it to us before it told of the
        change, and nobody may get the older one from here afterwards.
        """
        entry = RememberedPage(page, _cost(page))
        with self._guard:
            known = self._pages.get(key)
            if known is not None and known.page.serial < page.serial:
                self._drop(key)
                known = None
            if known is not None or ticket != self._generation or entry.cost > self._limit:
                return
            self._pages[key] = entry
            self._size += entry.cost
            self._make_room()

    def remember_grant(self, key: GrantKey, grant: Grant, ticket: int | None) -> None:
        """Keep a positive decision that was made under *ticket*."""
        if sum(len(part) for part in key if part) > _LONGEST_CREDENTIALS:
            return
        with self._guard:
            if ticket != self._generation:
                return
            self._grants[key] = grant
            self._grants.move_to_end(key)
            if len(self._grants) > _GRANTS:
                self._grants.popitem(last=False)

    def forget(self, keys: Sequence[str]) -> None:
        """Forget pages; all grants, when who may do what has changed."""
        with self._guard:
            self._generation += 1
            for key in keys:
                if key == self._epoch_key:
                    self._grants.clear()
                else:
                    self._drop(key)

    def forget_all(self) -> None:
        """Forget everything."""
        with self._guard:
            self._generation += 1
            self._grants.clear()
            self._pages.clear()
            self._size = 0

    def _follow(self) -> None:
        with self._guard:
            starts, self._is_following = not self._is_following, True
        if starts:
            self._coherence.follow(self)

    def _drop(self, key: str) -> None:
        entry = self._pages.pop(key, None)
        if entry is not None:
            self._size -= entry.cost

    def _make_room(self) -> None:
        """Drop the longest unused; what was used since it was last looked at gets another turn."""
        while self._size > self._limit:
            key, entry = next(iter(self._pages.items()))
            if entry.used:
                entry.used = False
                self._pages.move_to_end(key)
            else:
                self._drop(key)


def _cost(page: Rendered) -> int:
    return _OVERHEAD + _bytes(page.json) + _bytes(page.html)


def _bytes(variant: Variant) -> int:
    return len(variant.identity) + len(variant.gzip)
