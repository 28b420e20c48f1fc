"""What single clients rely on when they publish; as the corners of reading."""

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.e2e.clients.desk import Desk
from tests.e2e.clients.environments import Environments
from tests.e2e.clients.matrix import Cell, of
from tests.e2e.clients.publishers import PUBLISHERS, Publisher
from tests.support import processes
from tests.support.distributions import ADistribution
from tests.support.wheelyard import Wheelyard

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

DEMO = ADistribution()
OTHER = DEMO.with_payload(b"OTHER = True\n")
_BY_LOCK = {publisher.lock: publisher for publisher in PUBLISHERS}


def publisher_of(desk: Desk) -> Publisher:
    return _BY_LOCK[desk.client]


@of("twine-4", "twine-5", "poetry", "pdm")
def test_what_exists_is_skipped_when_that_is_asked_for(desk: Desk) -> None:
    """`already exists` and `already been taken` are the words that `--skip-existing` looks for."""
    desk.has_file(DEMO.wheel())
    desk.has_file(DEMO.sdist())
    publisher_of(desk).has(desk, OTHER)

    publisher_of(desk).publish(desk, "--skip-existing").succeeded()

    assert {each.status for each in desk.asked("POST")} == {400}


@of("twine-6", "twine-7")
def test_twine_skips_nothing_on_a_private_registry(desk: Desk) -> None:
    """The same bytes again are a success: twine refuses `--skip-existing` before it asks."""
    publisher_of(desk).has(desk, DEMO)

    publisher_of(desk).publish(desk, "--skip-existing").failed()

    assert desk.tap.exchanges == []


@of("uv")
def test_uv_publishes_only_what_a_page_does_not_list(desk: Desk) -> None:
    """`--check-url` compares names and hashes of the page with the files."""
    desk.has_file(DEMO.wheel())
    publisher_of(desk).has(desk, DEMO)

    checked = ("--check-url", desk.index_url_with_credentials)
    told = publisher_of(desk).publish(desk, *checked).succeeded()

    assert f"{DEMO.wheel().filename} already exists, skipping" in told.output
    assert [each.status for each in desk.asked("POST")] == [201]
    assert desk.listed("demo") == {DEMO.wheel().filename, DEMO.sdist().filename}


@of("uv")
def test_packse_would_find_its_words_in_what_uv_prints(desk: Desk) -> None:
    """packse 0.3 runs `uv publish` and takes `File already exists` for published."""
    desk.has_file(DEMO.wheel())
    publisher_of(desk).has(desk, OTHER)

    told = publisher_of(desk).publish(desk).failed()

    # It reads `code` where the type is exactly application/json, and prints the body if not.
    assert "Server says: 400 File already exists: demo-1.0" in told.output


@of("hatch")
def test_hatch_finds_nothing_where_it_looks_for_what_exists(desk: Desk) -> None:
    """`…/pypi/+simple/<name>/` is 404: a page there would have hatch pass over other bytes."""
    desk.has_file(DEMO.wheel())
    desk.has_file(DEMO.sdist())
    publisher_of(desk).has(desk, OTHER)

    publisher_of(desk).publish(desk).failed()

    assert [each.status for each in desk.asked("GET", "/%2Bsimple/demo/")] == [404]


@of("pdm")
def test_licence_fields_are_those_of_the_file(desk: Desk) -> None:
    """The form is not compared but for name, version, filetype, digests: pdm drops licences."""
    licensed = DEMO.with_field("License-Expression", "MIT").with_license_file("LICENSE")
    publisher_of(desk).has(desk, licensed)

    publisher_of(desk).publish(desk).succeeded()

    assert desk.listed("demo") == {licensed.wheel().filename, licensed.sdist().filename}


@of("twine-7")
def test_twine_takes_its_secret_from_the_keyring(desk: Desk, environments: Environments) -> None:
    """keyring is asked for the address for uploads, as it is typed."""
    settings = desk.keep_in_keyring(environments.programs("keyring"), desk.upload_url)
    wheel = DEMO.wheel()
    (desk.folder / wheel.filename).write_bytes(wheel.content)

    options = ("--non-interactive", "--repository-url", desk.upload_url, "-u", desk.username)
    desk.run("twine", "upload", *options, wheel.filename, env=settings).succeeded()

    assert desk.listed("demo") == {wheel.filename}


# hatch gives up first, so it is in every run; eight seconds are enough.
LATE = [
    pytest.param(Cell(each), id=str(each), marks=() if each.lock == "hatch" else pytest.mark.matrix)
    for each in PUBLISHERS
]


@pytest.mark.parametrize("cell", LATE)
def test_a_late_verdict_is_a_success(
    cell: Cell[Publisher], desk: Desk, wheelyard: Wheelyard
) -> None:
    """202 after 8 s: hatch gives up after 10 s, poetry after 15 s."""
    cell.client.has(desk, DEMO)
    for sdist in desk.folder.glob("dist/*.tar.gz"):
        sdist.unlink()

    with verification_stopped(wheelyard):
        cell.client.publish(desk).succeeded()

    assert {each.status for each in desk.asked("POST")} == {202}


@contextmanager
def verification_stopped(wheelyard: Wheelyard) -> Iterator[None]:
    """Freeze the workers of an embedded registry, at a moment when they hold no lock."""
    everything = processes.family(wheelyard.processes["wheelyard"].pid)
    workers = [pid for pid in everything if processes.name(pid) == "worker"]
    assert workers
    try:
        deadline = time.monotonic() + 10
        while not _freeze(workers, wheelyard):
            assert time.monotonic() < deadline
            # On a busy machine they need a moment to come as far as letting go of it.
            time.sleep(0.1)
        yield
    finally:
        _send(workers, signal.SIGCONT)


def _freeze(workers: list[int], wheelyard: Wheelyard) -> bool:
    _send(workers, signal.SIGSTOP)
    (database,) = (wheelyard.folder / "d").glob("*.db")
    try:
        with sqlite3.connect(database, timeout=0.2) as connection:
            connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        _send(workers, signal.SIGCONT)
        return False
    finally:
        connection.close()
    return True


def _send(workers: list[int], number: signal.Signals) -> None:
    for pid in workers:
        os.kill(pid, number)
