"""What each packaging standard asks of an index, one test a standard, asked at the front door.

PEP 740 is with the attestations, PEP 753 in `tests/unit/core/domain/test_links.py`.
"""

import hashlib
import json
import re
from typing import Any
from urllib.parse import unquote, urljoin

import pytest
from bs4 import BeautifulSoup
from tests.integration.indexer.conftest import HTML, JSON, Reader
from tests.support.distributions import ADistribution, Built
from tests.support.in_process import Yard

from wheelyard_core.domain.access import Role

DEMO = ADistribution().named("Demo.Pkg", "1.0")
WHEEL = DEMO.requiring_python(">=3.8, <4").wheel()
SDIST = DEMO.sdist()
# Nothing says that what PKG-INFO says is what a wheel will say (PEP 643).
DYNAMIC = DEMO.versioned("0.9").of_metadata_version("2.1").sdist()
EPOCH = DEMO.versioned("1!2.0+local.1").wheel()
ALL = (WHEEL, SDIST, DYNAMIC, EPOCH)
PAGE = "simple/demo-pkg/"
# What HTML may say of a file since version 1.4, for ever.
FROZEN = {
    *("href", "data-requires-python", "data-yanked", "data-core-metadata"),
    *("data-dist-info-metadata", "data-provenance"),
}


@pytest.fixture(scope="module")
def index(one_yard: Yard) -> Reader:
    """A project with files of each kind, two of them yanked."""
    found = with_files(one_yard, *ALL)
    put(found, "yank/demo-pkg/0.9", reason='Broken: "a" <b> & c')
    put(found, f"yank/demo-pkg/1%212.0%2Blocal.1/{EPOCH.filename}")
    return found


def with_files(yard: Yard, *files: Built) -> Reader:
    """Return a maintainer of a new project with these files."""
    project = yard.seed.project()
    maintainer = yard.seed.member(Role.MAINTAINER, project=project)
    secret = yard.seed.personal_token(maintainer)
    yard.must_publish(project.id, secret, *files)
    return Reader(yard, project, secret)


def put(index: Reader, what: str, **fields: str) -> None:
    answer = index.yard.ask("PUT", f"{index.index}/{what}", index.secret, json=fields)
    assert answer.status_code == 200, answer.text


def as_json(index: Reader, page: str = PAGE) -> dict[str, Any]:
    answer = index.ask(page, {"Accept": JSON})
    assert answer.status_code == 200
    found = json.loads(answer.data)
    assert isinstance(found, dict)
    return found


def by_name(index: Reader) -> dict[str, dict[str, Any]]:
    return {file["filename"]: file for file in as_json(index)["files"]}


def as_html(index: Reader, page: str = PAGE) -> BeautifulSoup:
    return BeautifulSoup(index.ask(page, {"Accept": "text/html"}).data, "html.parser")


def anchors(index: Reader, page: str = PAGE) -> dict[str, dict[str, str]]:
    return {
        link.get_text(): {name: str(value) for name, value in link.attrs.items()}
        for link in as_html(index, page).find_all("a")
    }


def test_pep_503_the_simple_repository_api(index: Reader) -> None:
    """A link for each project and each file, which leads there, with its digest."""
    root, files = anchors(index, "simple/"), anchors(index)
    unnormalized = index.ask("simple/Demo.Pkg/")

    assert index.ask("simple/").data.startswith(b"<!DOCTYPE html>")
    assert list(root) == ["Demo.Pkg"]
    assert urljoin(f"{index.index}/simple/", root["Demo.Pkg"]["href"]).endswith("/demo-pkg/")
    assert sorted(files) == sorted(built.filename for built in ALL)
    for built in ALL:
        address, _, fragment = files[built.filename]["href"].partition("#")
        # The text of a link is the last part of its address.
        assert unquote(address.rpartition("/")[2]) == built.filename
        assert fragment == f"sha256={built.sha256}"
        assert index.ask(address).data == built.content
    assert files[WHEEL.filename]["data-requires-python"] == ">=3.8, <4"
    assert b'data-requires-python="&gt;=3.8, &lt;4"' in index.ask(PAGE).data
    assert unnormalized.status_code == 301
    assert unnormalized.headers["Location"] == f"{index.index}/simple/demo-pkg/"


def test_pep_592_yanked_files(index: Reader) -> None:
    """A yanked file is there, with the reason where there is one; the others say nothing."""
    found, scraped = by_name(index), anchors(index)

    assert found[DYNAMIC.filename]["yanked"] == 'Broken: "a" <b> & c'
    assert scraped[DYNAMIC.filename]["data-yanked"] == 'Broken: "a" <b> & c'
    assert found[EPOCH.filename]["yanked"] is True
    assert scraped[EPOCH.filename]["data-yanked"] == "yanked"
    assert "yanked" not in found[WHEEL.filename]
    assert "data-yanked" not in scraped[WHEEL.filename]
    assert index.ask(found[DYNAMIC.filename]["url"]).data == DYNAMIC.content


def test_pep_629_the_version_of_the_api(index: Reader) -> None:
    """Every page says Major.Minor and nothing more: 1.4, which is that of PEP 792."""
    for page in ("simple/", PAGE):
        meta = as_html(index, page).find("meta", attrs={"name": "pypi:repository-version"})
        assert meta is not None
        assert meta["content"] == "1.4"
        assert as_json(index, page)["meta"]["api-version"] == "1.4"


def test_pep_658_metadata_files(index: Reader) -> None:
    """Beside a file that says so lies its metadata, with the digest that the page says."""
    scraped = anchors(index)

    for built in (WHEEL, SDIST, EPOCH):
        link = scraped[built.filename]
        metadata = index.ask(f"{link['href'].partition('#')[0]}.metadata")
        assert metadata.status_code == 200
        assert metadata.data.startswith(b"Metadata-Version: 2.4\nName: Demo.Pkg\n")
        digest = hashlib.sha256(metadata.data).hexdigest()
        assert link["data-dist-info-metadata"] == f"sha256={digest}"
    # An sdist whose metadata a build may change.
    assert "data-dist-info-metadata" not in scraped[DYNAMIC.filename]
    address = by_name(index)[DYNAMIC.filename]["url"]
    assert index.ask(f"{address}.metadata").status_code == 404


def test_pep_691_the_json_form(index: Reader) -> None:
    """Objects with their keys, in the type that was asked for; `latest` is answered with v1."""
    page, root = as_json(index), as_json(index, "simple/")

    assert page["name"] == "demo-pkg"
    assert {"meta", "name", "files"} <= page.keys()
    assert root["projects"] == [{"name": "Demo.Pkg"}]
    for file in page["files"]:
        assert {"filename", "url", "hashes"} <= file.keys()
        assert file["hashes"] == {"sha256": hashlib.sha256(index.ask(file["url"]).data).hexdigest()}
    assert by_name(index)[WHEEL.filename]["requires-python"] == ">=3.8, <4"
    types = {
        JSON: JSON,
        HTML: HTML,
        "text/html": "text/html; charset=utf-8",
        JSON.replace("v1", "latest"): JSON,
        HTML.replace("v1", "latest"): HTML,
    }
    for asked, answered in types.items():
        assert index.ask(PAGE, {"Accept": asked}).headers["Content-Type"] == answered
        by_query = index.ask(f"{PAGE}?format={asked.replace('+', '%2B')}", {"Accept": "image/png"})
        assert by_query.headers["Content-Type"] == answered
    assert index.ask(PAGE, {"Accept": "application/json"}).status_code == 406


def test_pep_700_versions_sizes_and_times(index: Reader) -> None:
    """`versions` has each once, normalized; each file its size, and its time in UTC."""
    page = as_json(index)

    assert sorted(page["versions"]) == ["0.9", "1!2.0+local.1", "1.0"]
    for built in ALL:
        file = by_name(index)[built.filename]
        assert file["size"] == len(built.content)
        form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"
        assert re.fullmatch(form, file["upload-time"])
    # What is our own begins with an underscore.
    assert set(page["meta"]) == {"api-version", "_last-serial"}


def test_pep_714_the_name_of_the_key_of_metadata(index: Reader) -> None:
    """JSON has the new name alone, on which no client crashes; HTML has both, and the same."""
    found, scraped = by_name(index), anchors(index)

    for built in ALL:
        file, link = found[built.filename], scraped[built.filename]
        assert "dist-info-metadata" not in file
        assert "data-dist-info-metadata" not in file
        assert link.get("data-core-metadata") == link.get("data-dist-info-metadata")
        said = file.get("core-metadata")
        assert link.get("data-core-metadata") == (said and f"sha256={said['sha256']}")


@pytest.mark.parametrize(
    ("status", "uploads", "offers"),
    [
        ("active", 201, True),
        ("archived", 403, True),
        ("quarantined", 403, False),
        ("deprecated", 201, True),
    ],
)
def test_pep_792_project_status(status: str, uploads: int, offers: bool, one_yard: Yard) -> None:
    """Each of the four has its marker, and its effects on uploads, listings and downloads."""
    index = with_files(one_yard, WHEEL)
    address = by_name(index)[WHEEL.filename]["url"]

    put(index, "status/demo-pkg", status=status, reason="moved & gone")

    new = DEMO.versioned("7.0").wheel()
    answer = index.yard.publish(index.project.id, new, index.secret)
    assert answer.status_code == uploads
    page, html = as_json(index), as_html(index)
    marker = html.find("meta", attrs={"name": "pypi:project-status"})
    why = html.find("meta", attrs={"name": "pypi:project-status-reason"})
    assert page["project-status"] == {"status": status, "reason": "moved & gone"}
    assert marker is not None
    assert why is not None
    assert (marker["content"], why["content"]) == (status, "moved & gone")
    listed = {file["filename"] for file in page["files"]}
    assert listed == {link.get_text() for link in html.find_all("a")}
    assert (WHEEL.filename in listed) is offers
    assert (new.filename in listed) is (uploads == 201)
    for what in (address, f"{address}.metadata"):
        assert index.ask(what).status_code == (200 if offers else 404)
    # The root has no status, and no package that offers nothing.
    assert "project-status" not in as_json(index, "simple/")
    assert bool(as_json(index, "simple/")["projects"]) is offers


def test_pep_833_html_is_frozen(index: Reader) -> None:
    """Whatever JSON will say, HTML stays at version 1.4 and says nothing that 1.4 has not."""
    scraped = anchors(index)

    assert set().union(*(link.keys() for link in scraped.values())) <= FROZEN
    metas = {str(meta.get("name")) for meta in as_html(index).find_all("meta")} - {"None"}
    assert metas <= {
        *("pypi:repository-version", "pypi:project-status", "pypi:project-status-reason"),
    }
