"""What the documentation says is what the code does, both ways."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts import refusals as refusals_page

import wheelyard_api
import wheelyard_core
import wheelyard_indexer
import wheelyard_web
from wheelyard_api.app import create_app as create_api
from wheelyard_core.bootstrap import make_registry
from wheelyard_core.domain.errors import RegistryError
from wheelyard_core.settings import SETTINGS, read_settings
from wheelyard_indexer.app import create_app as create_indexer
from wheelyard_web.errors import STATUS_OF

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
API = (ROOT / "docs" / "API.md").read_text()
_ROW = re.compile(r"^\| ([A-Z, ]+) \| `([^`]+)` \|", re.MULTILINE)


def test_every_setting_has_its_row_and_every_row_its_setting() -> None:
    text = (ROOT / "docs" / "SETTINGS.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `WHEELYARD_")]

    expected = []
    for setting in SETTINGS.values():
        default = "required" if setting.default is None else f"`{setting.default}`"
        default = default.replace("``", "")
        secret = "or `_FILE`" if setting.secret else ""
        expected.append(f"| `{setting.name}` | {default} | {secret} | {setting.text} |")

    assert sorted(rows) == sorted(expected)


def test_every_setting_that_a_page_names_exists() -> None:
    # docker-compose.yml has a few of its own: on which address and port it publishes.
    compose = (ROOT / "docker-compose.yml").read_text()
    published = set(re.findall(r"\$\{(WHEELYARD_[A-Z0-9_]+)", compose))
    for page in DOCS:
        for name in re.findall(r"\bWHEELYARD_[A-Z0-9_]+[A-Z0-9]", page.read_text()):
            known = SETTINGS.keys() | {f"{setting}_FILE" for setting in SETTINGS} | published
            if not name.startswith("WHEELYARD_TEST_") and name not in _CREDENTIALS:
                assert name in known, f"{page.name} names {name}"


# What a credentials file and the tests' own environment hold.
_CREDENTIALS = frozenset(
    {"WHEELYARD_URL", "WHEELYARD_ADMIN_TOKEN", "WHEELYARD_PROJECT_ID", "WHEELYARD_TOKEN"}
)


def addresses_served(tmp_path: Path) -> Iterator[tuple[str, str]]:
    registry = make_registry(
        read_settings(
            {
                "WHEELYARD_DATABASE_URL": f"sqlite:///{tmp_path}/none.db",
                "WHEELYARD_BLOBS_DIRECTORY": str(tmp_path / "blobs"),
                "WHEELYARD_BROKER_URL": "redis://127.0.0.1:9/0",
                "WHEELYARD_CACHE_URL": "redis://127.0.0.1:9/0",
                "WHEELYARD_TOKEN_PEPPER": "pepper",
            }
        ),
        "test",
    )
    for app in (create_api(registry), create_indexer(registry)):
        for rule in app.url_map.iter_rules():
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield method, re.sub(r"<[^>]+>", ":", rule.rule)
    registry.close()


def test_every_address_is_described_and_every_description_has_its_address(tmp_path: Path) -> None:
    described = [
        (method, re.sub(r":\w+", ":", address))
        for methods, address in _ROW.findall(API)
        for method in methods.split(", ")
    ]

    assert len(described) == len(set(described))
    assert sorted(described) == sorted(set(addresses_served(tmp_path)))


def refusals(kind: type[RegistryError] = RegistryError) -> Iterator[type[RegistryError]]:
    for refusal in kind.__subclasses__():
        yield refusal
        yield from refusals(refusal)


@pytest.fixture(scope="module", autouse=True)
def _everything_is_imported() -> None:
    for package in (wheelyard_core, wheelyard_web, wheelyard_api, wheelyard_indexer):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__") and ".migrations." not in module.name:
                importlib.import_module(module.name)


def test_every_refusal_has_a_code_of_its_own_or_its_parents() -> None:
    for refusal in refusals():
        same = [other for other in refusals() if other.code == refusal.code]
        assert all(issubclass(refusal, other) or issubclass(other, refusal) for other in same)
        assert refusal.code != RegistryError.code, f"{refusal.__name__} needs a code"


def test_every_refusal_has_a_status() -> None:
    missing = [kind.__name__ for kind in refusals() if not STATUS_OF.keys() & set(kind.__mro__)]

    assert missing == []


def test_every_refusal_is_described_with_its_status() -> None:
    described = set(re.findall(r"^\| `(\w+)` \| (\d+) \|", API, re.MULTILINE))

    assert described == {(kind.code, str(status.value)) for kind, status in STATUS_OF.items()}


def test_the_page_of_errors_has_every_sentence_of_the_code() -> None:
    assert refusals_page.PAGE.read_text() == refusals_page.rendered(), (
        "write it anew: python -m scripts.refusals"
    )


def test_every_make_target_is_explained_and_every_one_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    explained = set(re.findall(r"^([a-z][a-z-]*):.*## ", makefile, re.MULTILINE))

    assert targets == explained
    for page in DOCS:
        for name in re.findall(r"(?:^|`)make ([a-z][a-z-]*)", page.read_text(), re.MULTILINE):
            assert name in targets, f"{page.name} names make {name}"


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        address, _, heading = link.partition("#")
        if address.startswith(("http://", "https://", "mailto:")):
            continue
        target = (page.parent / address).resolve() if address else page
        assert target.exists(), f"{page.name} links to {link}"
        if heading:
            assert heading in anchors(target), f"{page.name} links to {link}"


def anchors(page: Path) -> set[str]:
    """Return the anchors that a Markdown page's headings get."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text).strip().lower().replace(" ", "-") for text in headings}
