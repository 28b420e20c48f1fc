"""What a process remembers, and when it must not."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from wheelyard_core.domain.group_index import ReadableGroup
from wheelyard_core.simple.page import PackagePage
from wheelyard_core.simple.render import Rendered, render
from wheelyard_indexer.file_answers import ServedFile
from wheelyard_indexer.group_grants import MOST_PROJECTS, GroupGrant
from wheelyard_indexer.memory import Grant, Memory, Room

EPOCH = "access:epoch"
KEY = "page::1:demo"
GRANT = Grant(1, "page::1:", public=False, until=1e9)
FILE_KEY = (1, "0a" * 32, "demo-1.0-py3-none-any.whl")
FILE = ServedFile("files/0a", "0a" * 32, 5, KEY)


@dataclass
class Told:
    """A coherence that a test commands."""

    current: bool = True
    followers: list[Memory] = field(default_factory=list)

    def follow(self, follower: Memory) -> None:
        self.followers.append(follower)

    def is_current(self) -> bool:
        return self.current


def page(serial: int, name: str = "demo") -> Rendered:
    return render(PackagePage(name=name, serial=serial, files=(), versions=()))


def below(project_ids: Iterable[int], group_id: int = 1) -> GroupGrant:
    """A decision about a group, with a set of its own."""
    return GroupGrant(ReadableGroup(group_id, frozenset(project_ids), public=True), until=1e9)


def memory(limit: int = 1 << 20, told: Told | None = None) -> Memory:
    return Memory(told or Told(), EPOCH, Room(limit, limit))


def test_what_was_read_under_a_ticket_is_remembered() -> None:
    here = memory()
    ticket = here.ticket()

    here.remember_page(KEY, page(1), ticket)
    here.remember_grant(("place", "secret"), GRANT, ticket)

    found = here.page(KEY)
    assert found is not None
    assert found.page == page(1)
    assert here.grant(("place", "secret")) == GRANT


def test_what_changed_while_it_was_read_is_not_remembered() -> None:
    for change in (lambda m: m.forget([KEY]), lambda m: m.forget([EPOCH]), Memory.forget_all):
        here = memory()
        ticket = here.ticket()
        change(here)

        here.remember_page(KEY, page(1), ticket)
        here.remember_grant(("place",), GRANT, ticket)
        here.remember_file(FILE_KEY, FILE, ticket)

        assert here.page(KEY) is None
        assert here.file(FILE_KEY) is None
        assert here.grant(("place",)) is None


def test_nothing_is_remembered_while_nothing_is_told() -> None:
    here = memory(told=Told(current=False))

    ticket = here.ticket()
    here.remember_page(KEY, page(1), ticket)
    here.remember_grant(("place",), GRANT, ticket)

    assert ticket is None
    assert here.page(KEY) is None
    assert here.grant(("place",)) is None


def test_following_begins_once() -> None:
    told = Told()
    here = memory(told=told)

    here.ticket()
    here.ticket()

    assert told.followers == [here]


def test_an_older_page_goes_when_a_newer_one_was_seen_even_late() -> None:
    here = memory()
    here.remember_page(KEY, page(1), here.ticket())
    ticket = here.ticket()
    here.forget(["page::1:other"])

    # Redis showed us the newer one before it told of the change.
    here.remember_page(KEY, page(2), ticket)

    assert here.page(KEY) is None


def test_an_older_page_never_takes_the_place_of_a_newer_one() -> None:
    here = memory()
    ticket = here.ticket()

    here.remember_page(KEY, page(2), ticket)
    here.remember_page(KEY, page(1), ticket)

    found = here.page(KEY)
    assert found is not None
    assert found.page.serial == 2


def test_a_change_of_access_drops_all_grants_and_files_and_no_page() -> None:
    here = memory()
    ticket = here.ticket()
    here.remember_file(FILE_KEY, FILE, ticket)
    here.remember_page(KEY, page(1), ticket)
    here.remember_grant(("place",), GRANT, ticket)

    here.forget([EPOCH])

    assert here.page(KEY) is not None
    assert here.file(FILE_KEY) is None
    assert here.grant(("place",)) is None


def test_an_emptied_redis_empties_the_memory() -> None:
    here = memory()
    ticket = here.ticket()
    here.remember_page(KEY, page(1), ticket)
    here.remember_grant(("place",), GRANT, ticket)

    here.forget_all()

    assert here.page(KEY) is None
    assert here.grant(("place",)) is None


def test_the_longest_unused_page_makes_room() -> None:
    here = memory(limit=30_000)
    keys = [f"page::1:p{number}" for number in range(3)]

    for number, key in enumerate(keys[:2]):
        here.remember_page(key, page(1, f"p{number}"), here.ticket())
    here.remember_page("page::1:filler", page(1, "filler"), here.ticket())
    here.page(keys[1])
    here.remember_page(keys[2], page(1, "p2"), here.ticket())

    assert here.page(keys[0]) is None
    assert here.page(keys[1]) is not None
    assert here.page(keys[2]) is not None


def test_a_page_larger_than_the_memory_is_not_remembered() -> None:
    here = memory(limit=1_000)

    here.remember_page(KEY, page(1), here.ticket())

    assert here.page(KEY) is None


def test_grants_are_bounded_in_number_and_size() -> None:
    here = memory()
    ticket = here.ticket()

    for number in range(20_001):
        here.remember_grant((str(number),), GRANT, ticket)
    here.remember_grant(("x" * 2_000,), GRANT, ticket)

    assert here.grant(("0",)) is None
    assert here.grant(("20000",)) is not None
    assert here.grant(("x" * 2_000,)) is None


def test_all_who_may_read_the_same_below_groups_hold_one_set_of_projects() -> None:
    here = memory()
    keys = [("place", f"Bearer garbage{number}") for number in range(100)]

    for group_id, key in enumerate(keys):
        here.remember_group(key, below(range(1_000), group_id), here.ticket())
    found = [here.group(key) for key in keys]

    assert [grant.group.group_id for grant in found if grant is not None] == [*range(100)]
    assert len({id(grant.group.project_ids) for grant in found if grant is not None}) == 1


def test_groups_are_bounded_in_number_and_in_all_projects_together() -> None:
    here = memory()
    half = MOST_PROJECTS // 2

    for number in range(4):
        here.remember_group((str(number),), below(range(number, half + number)), here.ticket())
    assert [here.group((str(number),)) is None for number in range(4)] == [True, True, False, False]

    # Equal ones weigh as one, and a decision that is renewed as itself.
    same, other = below(range(half)), below(range(3, half + 3))
    for number in range(600):
        here.remember_group((f"x{number}",), same, here.ticket())
        here.remember_group(("3",), other, here.ticket())
    assert here.group(("3",)) is not None
    assert here.group(("x599",)) is not None
    assert here.group(("x0",)) is None


def test_a_group_larger_than_the_bound_is_remembered_alone() -> None:
    here = memory()
    here.remember_group(("small",), below([1]), here.ticket())

    here.remember_group(("large",), below(range(MOST_PROJECTS + 1)), here.ticket())

    assert here.group(("small",)) is None
    assert here.group(("large",)) is not None
    here.remember_group(("small",), below([1]), here.ticket())
    assert here.group(("large",)) is None
    assert here.group(("small",)) is not None


def test_a_change_of_access_drops_what_is_readable_below_groups() -> None:
    here = memory()
    ticket = here.ticket()
    here.remember_group(("place", "secret"), below([1, 2]), ticket)

    here.forget([EPOCH])
    here.remember_group(("place", "late"), below([1, 2]), ticket)

    assert here.group(("place", "secret")) is None
    assert here.group(("place", "late")) is None
    here.remember_group(("place", "secret"), below([1]), here.ticket())
    assert here.group(("place", "secret")) == below([1])


def test_a_page_that_changes_drops_its_files_and_no_others() -> None:
    here = memory()
    other = (1, "0b" * 32, "other-1.0-py3-none-any.whl")
    here.remember_file(FILE_KEY, FILE, here.ticket())
    here.remember_file(other, replace(FILE, page_key="page::1:other"), here.ticket())

    here.forget([KEY])

    assert here.file(FILE_KEY) is None
    assert here.file(other) is not None


def test_a_group_finds_the_file_of_any_project_that_it_may_read() -> None:
    here = memory()
    _, sha256, filename = FILE_KEY
    for project_id in (1, 2):
        file = replace(FILE, key=f"files/{project_id}", page_key=f"page::{project_id}:demo")
        here.remember_file((project_id, sha256, filename), file, here.ticket())

    def found(*project_ids: int) -> str | None:
        file = here.file_below(frozenset(project_ids), sha256, filename)
        return None if file is None else file.key

    assert (found(1), found(2), found(3), found()) == ("files/1", "files/2", None, None)
    here.forget(["page::1:demo"])
    assert (found(1), found(1, 2)) == (None, "files/2")
    here.forget([EPOCH])
    assert found(1, 2) is None


def test_an_emptied_redis_leaves_no_file() -> None:
    here = memory()
    here.remember_file(FILE_KEY, FILE, here.ticket())

    here.forget_all()

    assert here.file(FILE_KEY) is None


def test_files_are_bounded_in_number() -> None:
    here = memory()
    ticket = here.ticket()

    for number in range(50_001):
        file = replace(FILE, page_key=f"page::1:{number}")
        here.remember_file((1, f"{number:064x}", "x.whl"), file, ticket)
    here.forget(["page::1:0"])

    assert here.file((1, f"{0:064x}", "x.whl")) is None
    assert here.file((1, f"{50_000:064x}", "x.whl")) is not None


def test_contents_stay_when_all_else_is_forgotten() -> None:
    here = memory()
    here.remember_content("one", b"x")

    here.forget([EPOCH])
    here.forget_all()

    assert here.content("one") == b"x"


def test_contents_have_room_of_their_own() -> None:
    here = Memory(Told(), EPOCH, Room(pages=0, files=1_000))

    for key in ("one", "two", "three"):
        here.remember_content(key, b"x" * 300)
    here.remember_content("large", b"x" * 2_000)

    assert [here.content(key) is None for key in ("one", "two", "three", "large")] == [
        True, True, False, True,
    ]  # fmt: skip
