"""A registry without services: real database, blobs and Redis; promises are done when asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.support.distributions import Built
from tests.support.in_process import environment
from tests.support.servers.redis import RedisServer

from wheelyard_core.bootstrap import Registry, make_database, make_registry
from wheelyard_core.domain.access import Permission, Person, Role, Scope
from wheelyard_core.domain.catalogue import Project, Publisher, Upload
from wheelyard_core.domain.digests import Digester
from wheelyard_core.domain.filenames import DistributionFilename
from wheelyard_core.domain.tokens import TokenKind
from wheelyard_core.domain.work import Claim, Promise
from wheelyard_core.settings import read_settings
from wheelyard_core.usecases.issue_token import Grant, IssuedToken, issue_token
from wheelyard_core.usecases.receive import Candidate, Receipt
from wheelyard_core.usecases.run_promise import Outcome, run_promise


class Source:
    """The bytes of a file, as a reader."""

    def __init__(self, content: bytes) -> None:
        self._left = content

    def read(self, n: int = -1, /) -> bytes:
        n = len(self._left) if n < 0 else n
        piece, self._left = self._left[:n], self._left[n:]
        return piece


@dataclass
class World:
    """A registry with one project, `team/yard`, and its promises."""

    registry: Registry
    promised: list[Promise]
    project: Project
    user_id: int
    failures: list[BaseException] = field(default_factory=list)

    def candidate(self, built: Built) -> Candidate:
        filename = DistributionFilename.parse(built.filename)
        publisher = Publisher(self.user_id, None, "ada")
        actor = Person(self.user_id, "ada", 0, frozenset({Scope.API}))
        return Candidate(self.project, filename, publisher, actor)

    def store(self, built: Built) -> Upload | Receipt:
        """Begin an upload and store its bytes, without a row."""
        admitted = self.registry.receiver().admit(self.candidate(built), built.sha256, "request-1")
        if isinstance(admitted, Upload):
            self.registry.blobs.put(admitted.blob_key, Source(built.content), None)
        return admitted

    def record(self, built: Built, upload: Upload) -> Receipt:
        digester = Digester()
        digester.update(built.content)
        return self.registry.receiver().record(
            self.candidate(built),
            upload,
            (digester.size, digester.digests()),
            lambda _uow: self.candidate(built).actor,
            "request-1",
        )

    def receive(self, built: Built) -> Receipt:
        """Have a file received, as the api does."""
        admitted = self.store(built)
        return admitted if isinstance(admitted, Receipt) else self.record(built, admitted)

    def do(self, promise: Promise, registry: Registry | None = None) -> Outcome:
        """Do one promise, as a worker does."""
        here = registry or self.registry
        outcome, _ = run_promise(
            here.database, here.handlers(), promise.message_id, here.give_up(), self._report
        )
        return outcome

    def do_all(self) -> list[Outcome]:
        """Do everything that was promised, and what that promises."""
        outcomes = []
        while self.promised:
            outcomes.append(self.do(self.promised.pop(0)))
        return outcomes

    def publish(self, built: Built) -> Receipt:
        receipt = self.receive(built)
        self.do_all()
        return receipt

    def blobs(self) -> list[str]:
        return sorted(self.registry.blobs.keys(""))

    def token(self, kind: TokenKind, scopes: set[Scope], **more: object) -> IssuedToken:
        grant = replace(Grant(kind, "test", frozenset(scopes)), **more)  # type: ignore[arg-type]  # tests name fields
        with self.registry.database.begin() as uow:
            issued = issue_token(uow, grant, self.registry.peppers())
            uow.commit()
        return issued

    def _report(self, _claim: Claim, error: BaseException) -> None:
        self.failures.append(error)


@pytest.fixture
def world(database_url: str, tmp_path: Path, redis_server: RedisServer) -> Iterator[World]:
    """A new registry over each database."""
    usual = environment(tmp_path, database_url, redis_server.url)
    settings = read_settings(usual | {"WHEELYARD_SPOOL_DIRECTORY": str(tmp_path)})
    promised: list[Promise] = []

    def hear(promises: Sequence[Promise]) -> None:
        promised.extend(promises)

    registry = make_registry(settings, "test")
    registry.database.close()
    registry = replace(registry, database=make_database(settings.database, "test", hear))
    with registry.database.begin() as uow:
        user_id = uow.accounts.add_user("ada", "Ada")
        group_id = uow.accounts.add_group("team", "Team")
        uow.accounts.add_project("yard", "Yard", group_id)
        uow.accounts.add_member(user_id, Role.DEVELOPER, group_id=group_id)
        uow.commit()
    with registry.database.snapshot() as uow:
        project = uow.projects.find("Team/Yard")
    assert project is not None
    assert Permission.PUSH.writes
    yield World(registry, promised, project, user_id)
    registry.close()
