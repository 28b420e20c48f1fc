"""A registry as people find it: two groups, a few projects, and packages with a past."""

from dataclasses import dataclass
from typing import Self

from tests.support.backstage import Backstage
from tests.support.distributions import ADistribution, Built
from tests.support.forms import AForm, ask, post
from tests.support.seed import SeededGroup, SeededProject
from tests.support.wheelyard import Wheelyard

from wheelyard_core.domain.access import Role, Visibility
from wheelyard_core.domain.administration import ProjectChanges

README = """\
# Ledger

[![build](https://ci.example.org/badge.svg)](https://ci.example.org)

Double-entry bookkeeping for streams of events. Every event is booked **twice**, and the books are
balanced before anything is committed.

## Quick start

```python
from ledger import Book, entry

book = Book("orders")
with book.transaction() as tx:
    tx.add(entry(debit="stock", credit="orders", amount=12))  # balanced
print(book.balance("stock"))
```

> [!NOTE]
> A book belongs to one process. Use a `Shared` book where several write.

## What it guarantees

| guarantee | how | since |
| --- | --- | --- |
| no lost event | write-ahead log with checksums | 1.0 |
| balanced books | checked before commit | 1.0 |
| bounded memory | streams in batches | 2.1 |

- [x] works offline
- [ ] works on the moon
"""
_LEDGER = (
    ADistribution(fields=())
    .named("Ledger")
    .with_field("Summary", "Double-entry bookkeeping for event streams")
    .with_field("License-Expression", "Apache-2.0")
    .with_field("Author-email", "Ada Lovelace <ada@example.org>")
    .with_field("Keywords", "ledger,accounting,events")
    .with_field("Project-URL", "Documentation, https://docs.example.org/ledger")
    .with_field("Project-URL", "Source, https://git.example.org/acme/ledger")
    .with_field("Classifier", "Development Status :: 5 - Production/Stable")
    .with_field("Classifier", "Programming Language :: Python :: 3")
    .with_field("Classifier", "Typing :: Typed")
    .requiring_python(">=3.9")
    .with_field("Provides-Extra", "cli")
    .requiring("rich>=13 ; extra == 'cli'", "uvloop>=0.21 ; sys_platform == 'none'")
    .with_field("Description-Content-Type", "text/markdown")
    .described(README)
)
_OTHERS = {
    "acme-logging": "Structured logs, the same in every service",
    "acme-settings": "Settings from the environment, typed",
    "http-retry": "Retries with a budget, so that an outage stays one",
    "Zeus.Client": "A client of Zeus, the scheduler of nightly jobs",
}
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@dataclass(frozen=True, slots=True)
class Story:
    """What there is, and who may see all of it."""

    wheelyard: Wheelyard
    group: SeededGroup
    tools: SeededProject
    empty: SeededProject
    strange: SeededProject
    website: SeededProject
    secret: str

    @property
    def uploads(self) -> str:
        return f"/{self.tools.path}/-/uploads"

    @property
    def shared(self) -> str:
        return f"/{self.website.path}/packages/acme-logging"

    @property
    def package(self) -> str:
        return f"/{self.tools.path}/packages/ledger"

    @property
    def hostile(self) -> str:
        return f"/{self.strange.path}/packages/hostile"

    @classmethod
    def told(cls, wheelyard: Wheelyard, behind: Backstage) -> Self:
        """Make all of it, by the registry's own addresses where that matters."""
        ada = _account(behind, "ada")
        group, tools, empty, strange, website = _places(behind)
        behind.seed.member(Role.OWNER, group=group, user=ada)
        secret = behind.seed.personal_token(ada)
        told = cls(wheelyard, group, tools, empty, strange, website, secret)
        for version in ("1.0", "2.0rc1", "2.1.0"):
            told.publish(tools, _LEDGER.versioned(version).wheel())
        latest = _LEDGER.versioned("2.1.1")
        told.publish(tools, latest.sdist(), latest.wheel())
        for name, summary in _OTHERS.items():
            other = ADistribution(fields=()).named(name, "0.4.2").with_field("Summary", summary)
            told.publish(tools, other.wheel())
        told.publish(website, ADistribution().named("acme-logging", "0.9").wheel())
        told.refuse(tools)
        told.publish(strange, _hostile().wheel())
        told.yank("ledger/2.1.0", "loses the last event of a batch")
        return told

    def publish(self, project: SeededProject, *files: Built) -> None:
        url = f"{self.wheelyard.url}/api/v4/projects/{project.id}/packages/pypi"
        for built in files:
            assert post(url, AForm.of(built), self.secret).status == 201

    def refuse(self, project: SeededProject) -> None:
        url = f"{self.wheelyard.url}/api/v4/projects/{project.id}/packages/pypi"
        broken = ADistribution().named("broken").with_member("../evil.py").with_record("")
        assert post(url, AForm.of(broken.wheel()), self.secret).status == 400

    def yank(self, what: str, reason: str) -> None:
        url = f"{self.wheelyard.url}/api/v4/projects/{self.tools.id}/packages/pypi/yank/{what}"
        headers = {"PRIVATE-TOKEN": self.secret, "Content-Type": "application/json"}
        answer = ask("PUT", url, b'{"reason": "%s"}' % reason.encode(), headers)
        assert answer.status == 200


def _account(behind: Backstage, name: str) -> int:
    with behind.registry.database.begin() as uow:
        user = uow.accounts.add_user(name, name.title())
        uow.commit()
    return user


def _places(
    behind: Backstage,
) -> tuple[SeededGroup, SeededProject, SeededProject, SeededProject, SeededProject]:
    with behind.registry.database.begin() as uow:
        acme = uow.accounts.add_group("acme", "Acme")
        inner = uow.accounts.add_group("platform", "Platform", acme)
        tools = uow.accounts.add_project("tools", "Tools", acme)
        empty = uow.accounts.add_project("fresh", "Fresh", inner)
        strange = uow.accounts.add_project("strange", "Strange", inner)
        website = uow.accounts.add_project("website", "Website", acme, Visibility.INTERNAL)
        says = "Command line tools that every team uses, and the libraries below them."
        uow.directory.change(tools, ProjectChanges(description=says))
        uow.commit()
    group, below = SeededGroup(acme, "acme"), SeededGroup(inner, "acme/platform")
    return (
        group,
        SeededProject(tools, "acme/tools", group),
        SeededProject(empty, "acme/platform/fresh", below),
        SeededProject(strange, "acme/platform/strange", below),
        SeededProject(website, "acme/website", group),
    )


def _hostile() -> ADistribution:
    return (
        ADistribution(fields=())
        .named("hostile")
        .with_field("Summary", HOSTILE)
        .with_field("Author", HOSTILE)
        .with_field("Project-URL", "Run, javascript:alert(1)")
        .with_field("Project-URL", f"{HOSTILE}, https://elsewhere.example/")
        .with_field("Description-Content-Type", "text/markdown")
        .described(
            f"# {HOSTILE}\n\n![pixel](https://elsewhere.example/pixel.png)\n"
            '<a href="javascript:alert(1)">run</a> <svg onload=alert(1)></svg>\n'
        )
    )
