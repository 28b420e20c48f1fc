"""What this process remembers: pages and small files, ready to send, and who may read them.

It is right for as long as Redis tells of every change (adapters/cache/tracking.py), and is asked
only then. Reads take no lock: a dictionary's `get` is whole under the interpreter's own.
"""

from collections import OrderedDict
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Protocol, TypeAlias

from wheelyard_core.domain.access import Actor
from wheelyard_core.simple.negotiation import Offer
from wheelyard_core.simple.render import Rendered, Variant
from wheelyard_indexer.answers import Answer, page_answer
from wheelyard_indexer.file_answers import ServedFile
from wheelyard_indexer.group_grants import GrantKey, GroupGrant, GroupGrants
from wheelyard_indexer.shelf import Shelf

# A project's number, the digest and the name in the address.
FileKey: TypeAlias = tuple[int, str, str]

_GRANTS: Final = 20_000
_FILES: Final = 50_000
# What an entry weighs beside its bodies: objects, headers, its share of the dictionary.
_OVERHEAD: Final = 8_192
_CONTENT_OVERHEAD: Final = 256
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
class Room:
    """How many bytes of what are kept."""

    pages: int
    files: int


@dataclass(frozen=True, slots=True)
class Grant:
    """A positive decision: these credentials may read the pages and files of a project.

    The keys of its pages begin with *stem*.
    """

    project_id: int
    stem: str
    public: bool
    until: float
    actor: Actor | None = None
    # Until when it may be gone by while the database cannot be asked.
    stale_until: float = 0.0


@dataclass(slots=True, eq=False)
class RememberedPage:
    """A page and its answers, made when they are first asked for."""

    page: Rendered
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
    """Pages, files and grants of one process.

    A ticket is taken before anything is read that will be remembered. What was read under a ticket
    is not remembered when a change was heard of since: it may be what changed.
    """

    def __init__(self, coherence: Coherence, epoch_key: str, room: Room) -> None:
        self._coherence = coherence
        self._epoch_key = epoch_key
        self._guard = Lock()
        self._is_following = False
        self._generation = 0
        self._pages: Shelf[RememberedPage] = Shelf(room.pages)
        self._contents: Shelf[bytes] = Shelf(room.files)
        self._grants: OrderedDict[GrantKey, Grant] = OrderedDict()
        self._groups = GroupGrants()
        self._files: OrderedDict[FileKey, ServedFile] = OrderedDict()
        # Whose files of one digest and name are remembered: groups ask by these.
        self._holders: dict[tuple[str, str], frozenset[int]] = {}
        # The remembered files of each page, by its key.
        self._listed: dict[str, set[FileKey]] = {}
        # May be called before anything is looked up: what was heard by then is forgotten by then.
        self.is_current = coherence.is_current
        self.grant = self._grants.get
        self.group = self._groups.get
        self.page = self._pages.get
        self.file = self._files.get
        # The bytes of a small blob. They never change, whoever may read them.
        self.content = self._contents.get

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
        with self._guard:
            known = self._pages.get(key)
            if known is not None and known.page.serial >= page.serial:
                return
            self._pages.drop(key)
            if ticket == self._generation:
                self._pages.put(key, RememberedPage(page), _cost(page))

    def remember_grant(self, key: GrantKey, grant: Grant, ticket: int | None) -> None:
        """Keep a positive decision that was made under *ticket*."""
        with self._guard:
            if not self._may_keep(key, ticket):
                return
            self._grants[key] = grant
            self._grants.move_to_end(key)
            if len(self._grants) > _GRANTS:
                self._grants.popitem(last=False)

    def remember_group(self, key: GrantKey, grant: GroupGrant, ticket: int | None) -> None:
        """Keep what was found under *ticket* to be readable below a group."""
        with self._guard:
            if self._may_keep(key, ticket):
                self._groups.put(key, grant)

    def remember_file(self, key: FileKey, file: ServedFile, ticket: int | None) -> None:
        """Keep which blob an address stands for, as it was read under *ticket*."""
        with self._guard:
            if ticket != self._generation:
                return
            self._files[key] = file
            self._files.move_to_end(key)
            self._listed.setdefault(file.page_key, set()).add(key)
            project_id, sha256, filename = key
            # A new set each time: readers go through the one they found.
            held = self._holders.get((sha256, filename), frozenset())
            self._holders[sha256, filename] = held | {project_id}
            if len(self._files) > _FILES:
                oldest, gone = self._files.popitem(last=False)
                self._unlist(oldest, gone)

    def file_below(
        self, project_ids: Container[int], sha256: str, filename: str
    ) -> ServedFile | None:
        """Return a file of any of these projects: whichever it is, its bytes have the digest."""
        for project_id in self._holders.get((sha256, filename), ()):
            if project_id in project_ids:
                return self._files.get((project_id, sha256, filename))
        return None

    def remember_content(self, blob_key: str, content: bytes) -> None:
        """Keep the bytes of a blob, which no change concerns."""
        with self._guard:
            self._contents.put(blob_key, content, _CONTENT_OVERHEAD + len(content))

    def forget(self, keys: Sequence[str]) -> None:
        """Forget pages and the files on them; all grants and files, when access has changed."""
        with self._guard:
            self._generation += 1
            for key in keys:
                if key == self._epoch_key:
                    self._forget_access()
                else:
                    self._pages.drop(key)
                    for file_key in self._listed.pop(key, ()):
                        self._files.pop(file_key, None)
                        self._let_go(file_key)

    def forget_all(self) -> None:
        """Forget everything but contents, to which nothing leads any more."""
        with self._guard:
            self._generation += 1
            self._forget_access()
            self._pages.clear()

    def _may_keep(self, key: GrantKey, ticket: int | None) -> bool:
        return (
            ticket == self._generation
            and sum(len(part) for part in key if part) <= _LONGEST_CREDENTIALS
        )

    def _forget_access(self) -> None:
        self._grants.clear()
        self._groups.clear()
        self._files.clear()
        self._holders.clear()
        self._listed.clear()

    def _let_go(self, key: FileKey) -> None:
        project_id, sha256, filename = key
        left = self._holders.pop((sha256, filename), frozenset()) - {project_id}
        if left:
            self._holders[sha256, filename] = left

    def _unlist(self, key: FileKey, file: ServedFile) -> None:
        self._let_go(key)
        keys = self._listed.get(file.page_key, set())
        keys.discard(key)
        if not keys:
            self._listed.pop(file.page_key, None)

    def _follow(self) -> None:
        with self._guard:
            starts, self._is_following = not self._is_following, True
        if starts:
            self._coherence.follow(self)


def _cost(page: Rendered) -> int:
    return _OVERHEAD + _bytes(page.json) + _bytes(page.html)


def _bytes(variant: Variant) -> int:
    return len(variant.identity) + len(variant.gzip)
