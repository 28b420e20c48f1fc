"""What clients do that install, what they print, and what they ask for."""

import random
import re

import pytest
from tests.e2e.clients.desk import Desk
from tests.e2e.clients.installers import INSTALLERS, Installer
from tests.e2e.clients.matrix import Action, Cell, each
from tests.support.distributions import ADistribution
from tests.support.seed import Seed

from wheelyard_core.domain.access import Visibility
from wheelyard_core.domain.tokens import TokenKind

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

LIBRARY = ADistribution().named("library")
APP = ADistribution().named("app").requiring("library<2")
LARGE = ADistribution().with_member("demo.bin", random.Random(0).randbytes(300_000))
# As a report, a compiled list and each of three kinds of lock say it.
LIBRARY_1 = re.compile(r"""library"?(==|,?\s+"?version"?\s*[:=]\s*")1\.0\b""")


def fetched(desk: Desk, suffix: str) -> set[str]:
    """Return the names of the files that the client got; anything but a success is a failure."""
    answers = desk.asked("GET", suffix)
    assert {each.status for each in answers} <= {200}
    return {each.path.rpartition("/")[2] for each in answers}


@each(INSTALLERS, Action.INSTALL)
def test_a_package_is_installed_with_what_it_requires(cell: Cell[Installer], desk: Desk) -> None:
    desk.has(APP, LIBRARY, LIBRARY.versioned("2.0"))

    cell.client.install(desk, "app").succeeded()

    assert (desk.installed("app"), desk.installed("library")) == ("1.0", "1.0")
    assert fetched(desk, ".whl") == {APP.wheel().filename, LIBRARY.wheel().filename}
    # A page is asked for again, and is still what it was.
    assert {each.status for each in desk.asked("GET", "/")} <= {200, 304}


@each(INSTALLERS, Action.RESOLVE)
def test_metadata_is_all_that_a_resolver_reads(cell: Cell[Installer], desk: Desk) -> None:
    desk.has(APP, LIBRARY, LIBRARY.versioned("2.0"))

    resolved = cell.client.resolve(desk, "app").succeeded()

    assert LIBRARY_1.search(resolved.output + desk.locks())
    assert fetched(desk, ".whl.metadata") == {
        f"{APP.wheel().filename}.metadata",
        f"{LIBRARY.wheel().filename}.metadata",
    }
    assert fetched(desk, ".whl") == set()


@each(INSTALLERS, Action.RANGES)
def test_a_part_of_a_wheel_is_enough(cell: Cell[Installer], desk: Desk) -> None:
    wheel = LARGE.wheel()
    desk.has(LARGE)

    cell.client.read_part(desk, desk.file_url(wheel)).succeeded()

    # pip and uv ask for its size first, and give up on ranges when they are redirected.
    assert {each.status for each in desk.asked("HEAD")} <= {200}
    parts = [each for each in desk.asked("GET", ".whl") if "range" in each.headers]
    assert {each.status for each in parts} == {206}
    assert sum(each.size for each in parts) < wheel.size / 10


@each(INSTALLERS, Action.YANKED)
def test_what_is_yanked_is_installed_only_by_its_version(cell: Cell[Installer], desk: Desk) -> None:
    desk.has(LIBRARY, LIBRARY.versioned("2.0"))
    desk.yank("library", "2.0", "loses data on Tuesdays")

    cell.client.install(desk, "library").succeeded()
    left_out = desk.installed("library")
    desk.clear()
    told = cell.client.install(desk, "library==2.0").succeeded()

    assert (left_out, desk.installed("library")) == ("1.0", "2.0")
    assert ("loses data on Tuesdays" in told.output) == cell.client.says_what_is_yanked


@each(INSTALLERS, Action.PYTHON)
def test_a_release_for_another_python_is_left_out(cell: Cell[Installer], desk: Desk) -> None:
    later = LIBRARY.versioned("2.0").requiring_python(">=4")
    desk.has(LIBRARY, later)

    cell.client.install(desk, "library").succeeded()

    assert desk.installed("library") == "1.0"
    assert fetched(desk, ".whl") == {LIBRARY.wheel().filename}
    # The page has said so: its metadata is not looked at.
    looked_at = f"{later.wheel().filename}.metadata" in fetched(desk, ".metadata")
    assert looked_at == cell.client.locks_for_every_python


@each(INSTALLERS, Action.LOCKED_OUT)
def test_a_revoked_token_reads_what_is_public_and_no_more(
    cell: Cell[Installer], desk: Desk, seed: Seed
) -> None:
    desk.has(LIBRARY)
    seed.revoked(desk.secret)

    done = cell.client.install(desk, "library")

    assert desk.secret not in done.output
    # Under the name of jobs a wrong secret is refused on public projects too.
    if cell.visibility is Visibility.PUBLIC and cell.token is not TokenKind.JOB:
        done.succeeded()
        assert desk.installed("library") == "1.0"
    else:
        assert cell.client.locked_out in done.failed().output
        # Never 404: pip and uv would go on to the next index.
        assert {each.status for each in desk.tap.exchanges} == {401}
