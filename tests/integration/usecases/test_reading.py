"""Pages from cache and database, and who may read them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from tests.integration.usecases.conftest import World
from tests.support.distributions import ADistribution

from wheelyard_core.domain.access import Anonymous, DeployToken, JobToken, Permission, Person, Scope
from wheelyard_core.domain.credentials import Channel, Credentials
from wheelyard_core.domain.errors import AuthenticationRequired, NotFound
from wheelyard_core.domain.tokens import TokenKind, new_secret
from wheelyard_core.ports import CacheUnavailable
from wheelyard_core.simple.page import RootPage
from wheelyard_core.simple.render import (
    Rendered,
    dump,
    is_outdated,
    load,
    outdated,
    render,
    serial_of,
)
from wheelyard_core.usecases.authenticate import authenticate, note_use
from wheelyard_core.usecases.authorise import authorised_project
from wheelyard_core.usecases.pages import Pages

ONE = ADistribution().named("demo", "1.0").wheel()
TWO = ADistribution().named("demo", "2.0").wheel()


class NoCache:
    """A cache that is away."""

    def get(self, key: str) -> bytes | None:
        raise CacheUnavailable(key)

    def put(self, key: str, page: bytes) -> bytes:
        raise CacheUnavailable(f"{key} {len(page)}")

    def head(self, key: str, length: int) -> bytes:
        raise CacheUnavailable(f"{key} {length}")

    def drop(self, key: str) -> None:
        raise CacheUnavailable(key)


class Meddling:
    """A cache in memory that lets something happen before its first store."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        self._meddle: Callable[[], object] | None = meddle
        self.pages: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.pages.get(key)

    def put(self, key: str, page: bytes) -> bytes:
        if self._meddle is not None:
            meddle, self._meddle = self._meddle, None
            meddle()
        kept = self.pages.get(key)
        if kept is None or serial_of(kept) < serial_of(page):
            self.pages[key] = page
        return self.pages[key]

    def head(self, key: str, length: int) -> bytes:
        return self.pages.get(key, b"")[:length]

    def drop(self, key: str) -> None:
        self.pages.pop(key, None)


class Emptied:
    """A cache whose junk is gone when something is stored."""

    def __init__(self, junk: Meddling) -> None:
        self._junk = junk

    def get(self, key: str) -> bytes | None:
        return self._junk.get(key)

    def put(self, key: str, page: bytes) -> bytes:
        self._junk.pages.clear()
        return self._junk.put(key, page)

    def head(self, key: str, length: int) -> bytes:
        return self._junk.head(key, length)

    def drop(self, key: str) -> None:
        self._junk.drop(key)


def test_an_unknown_package_has_no_page_and_an_empty_project_a_root(world: World) -> None:
    pages = world.registry.pages()

    assert pages.package(world.project.id, "nothing") is None
    assert b'"projects":[]' in pages.root(world.project.id).json.identity.replace(b" ", b"")


def test_a_package_being_verified_is_known_and_empty(world: World) -> None:
    world.receive(ONE)

    page = world.registry.pages().package(world.project.id, "demo")

    assert page is not None
    assert ONE.filename.encode() not in page.json.identity


def test_pages_are_right_without_a_cache(world: World) -> None:
    world.publish(ONE)

    page = replace(world.registry.pages(), cache=NoCache()).package(world.project.id, "demo")

    assert page is not None
    assert ONE.filename.encode() in page.json.identity


def test_junk_in_the_cache_is_a_miss(world: World) -> None:
    world.publish(ONE)
    key = f"page::{world.project.id}:demo"
    junk = Meddling(lambda: None)
    junk.pages[key] = b"junk"

    page = Pages(world.registry.database, Emptied(junk), "").package(world.project.id, "demo")

    assert page is not None
    assert ONE.filename.encode() in page.json.identity


def test_an_older_page_never_replaces_a_newer_one_in_the_cache(world: World) -> None:
    world.publish(ONE)
    key = world.registry.pages().key(world.project.id, "demo")
    old = world.registry.cache.get(key)
    world.publish(TWO)
    new = world.registry.cache.get(key)
    assert old is not None
    assert new is not None

    kept = world.registry.cache.put(key, old)

    assert kept == new
    assert load(kept).serial > load(old).serial


def test_a_page_that_changed_while_it_was_built_is_built_again(world: World) -> None:
    world.publish(ONE)
    # Another replica publishes between our look and our store, and the cache was emptied since.
    cache = Meddling(lambda: world.publish(TWO))

    page = Pages(world.registry.database, cache, "").package(world.project.id, "demo")

    assert page is not None
    assert TWO.filename.encode() in page.json.identity
    assert dump(page) == cache.pages[f"page::{world.project.id}:demo"]


def test_a_page_that_is_in_the_cache_at_its_serial_is_not_rendered_again(world: World) -> None:
    world.publish(ONE)
    renderings: list[int] = []

    def counted(make: Callable[[], Rendered | None]) -> Rendered | None:
        renderings.append(1)
        return make()

    here = world.registry
    pages = Pages(here.database, here.cache, here.settings.http.public_url, counted)
    first = pages.refresh(world.project.id, "demo")
    needless = len(renderings)
    world.registry.cache.drop(pages.key(world.project.id, "demo"))
    again = pages.refresh(world.project.id, "demo")

    assert needless == 0
    assert len(renderings) == 1
    assert first == again == 1


def test_a_root_is_rendered_for_who_reads_it_and_not_for_each_name(world: World) -> None:
    renderings: list[int] = []

    def counted(make: Callable[[], Rendered | None]) -> Rendered | None:
        renderings.append(1)
        return make()

    world.publish(ONE)
    here = world.registry
    pages = Pages(here.database, here.cache, here.settings.http.public_url, counted)
    before = [pages.root(world.project.id) for _ in range(2)]
    world.publish(ADistribution().named("other", "1.0").wheel())
    after = [pages.root(world.project.id) for _ in range(2)]

    assert before[0] == before[1]
    assert after[0] == after[1]
    assert b"other" in after[0].json.identity
    assert len(renderings) == 2


def test_a_root_that_was_begun_before_a_change_is_never_in_the_cache_after_it(
    world: World,
) -> None:
    world.publish(ONE)
    here, project_id = world.registry, world.project.id
    stored: list[bytes] = []

    class Late:
        """The cache, where a store comes when another package has been published meanwhile."""

        get, head, drop = here.cache.get, here.cache.head, here.cache.drop

        def put(self, key: str, page: bytes) -> bytes:
            if not stored:
                world.publish(ADistribution().named("other", "1.0").wheel())
            stored.append(here.cache.put(key, page))
            return stored[-1]

    url = here.settings.http.public_url
    page = Pages(here.database, Late(), url).root(project_id)

    assert b"other" in page.json.identity
    # The first one was refused: in its place stood that it is out of date.
    assert [is_outdated(kept) for kept in stored] == [True, False]


def test_a_root_from_a_future_that_a_restore_undid_is_made_anew(world: World) -> None:
    world.publish(ONE)
    pages, cache = world.registry.pages(), world.registry.cache
    key = pages.key(world.project.id)
    for ahead in (outdated(99), dump(render(RootPage(99, ("future",))))):
        cache.put(key, ahead)
        pages.refresh(world.project.id, "demo")

        assert cache.head(key, 12) != ahead[:12]
        assert b"future" not in pages.root(world.project.id).json.identity
        cache.drop(key)


def test_a_broken_page_in_the_cache_is_replaced(world: World) -> None:
    world.publish(ONE)
    pages, cache = world.registry.pages(), world.registry.cache
    key = pages.key(world.project.id, "demo")
    page = cache.get(key)
    assert page is not None
    cache.drop(key)
    cache.put(key, page[:100])

    found = pages.package(world.project.id, "demo")

    assert found is not None
    assert ONE.filename.encode() in found.json.identity
    assert cache.get(key) == page


def test_many_who_miss_one_page_build_it_once(world: World) -> None:
    world.publish(ONE)
    builds: list[int] = []
    cache = Meddling(lambda: builds.append(1))
    pages, barrier = Pages(world.registry.database, cache, ""), Barrier(16)
    found: list[object] = []

    def read() -> None:
        barrier.wait()
        found.append(pages.package(world.project.id, "demo"))

    readers = [Thread(target=read) for _ in range(16)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert len(builds) == 1
    assert len({dump(page) for page in found}) == 1  # type: ignore[arg-type]  # pages, all of them


@pytest.mark.parametrize(
    ("kind", "channel", "expected"),
    [
        (TokenKind.PERSONAL, Channel.BASIC, Person),
        (TokenKind.PERSONAL, Channel.BEARER, Person),
        (TokenKind.PERSONAL, Channel.JOB_USER, Anonymous),
        (TokenKind.PROJECT, Channel.PRIVATE_TOKEN, Person),
        (TokenKind.DEPLOY, Channel.BASIC, DeployToken),
        (TokenKind.DEPLOY, Channel.PRIVATE_TOKEN, Anonymous),
        (TokenKind.JOB, Channel.JOB_USER, JobToken),
        (TokenKind.JOB, Channel.BASIC, Anonymous),
    ],
)
def test_a_token_is_known_by_its_channels(
    world: World, kind: TokenKind, channel: Channel, expected: type
) -> None:
    issued = world.token(
        kind, {Scope.API}, user_id=world.user_id, project_id=world.project.id, username="u"
    )

    with world.registry.database.snapshot() as uow:
        who = authenticate(
            uow,
            Credentials(channel, issued.secret),
            world.registry.peppers(),
            world.registry.now(),
        )

    assert isinstance(who.actor, expected)


def test_credentials_that_do_not_count_say_why(world: World) -> None:
    now, peppers = world.registry.now(), world.registry.peppers()
    expired = world.token(
        TokenKind.PERSONAL, {Scope.API}, user_id=world.user_id, expires_at=now - timedelta(1)
    )
    orphan = world.token(TokenKind.PERSONAL, {Scope.API})
    secrets = [expired.secret, orphan.secret, new_secret(TokenKind.DEPLOY), "nonsense"]

    with world.registry.database.snapshot() as uow:
        actors = [
            authenticate(uow, Credentials(Channel.BASIC, secret), peppers, now).actor
            for secret in secrets
        ]
        nobody = authenticate(uow, None, peppers, now).actor

    assert [getattr(actor, "refused", None) for actor in actors] == [
        "The token has expired: make a new one",
        "The token's account no longer exists",
        "The credentials are not known: check the token",
        "The credentials are not known: check the token",
    ]
    assert nobody == Anonymous()


def test_the_last_use_is_noted_once_a_minute(world: World) -> None:
    issued = world.token(TokenKind.PERSONAL, {Scope.API}, user_id=world.user_id)
    peppers, now = world.registry.peppers(), world.registry.now()

    seen = []
    for moment in (now, now + timedelta(seconds=30), now + timedelta(seconds=90)):
        with world.registry.database.snapshot() as uow:
            credentials = Credentials(Channel.BASIC, issued.secret)
            token = authenticate(uow, credentials, peppers, moment).token
        assert token is not None
        seen.append(token.last_used_at)
        note_use(world.registry.database, token, moment)
    note_use(world.registry.database, None, now)

    assert seen == [None, now, now]


def test_unknown_projects_and_anonymous_callers_meet_the_ladder(world: World) -> None:
    now = world.registry.now()
    person = Person(world.user_id, "ada", 1, frozenset({Scope.API}))

    with world.registry.database.snapshot() as uow:
        found = authorised_project(uow, person, "team/yard", Permission.PUSH, now)
        with pytest.raises(NotFound):
            authorised_project(uow, person, "team/none", Permission.PULL, now)
        with pytest.raises(NotFound):
            authorised_project(uow, person, "9" * 30, Permission.PULL, now)
        with pytest.raises(AuthenticationRequired):
            authorised_project(uow, Anonymous(), str(found.id), Permission.PULL, now)
    assert found == world.project
