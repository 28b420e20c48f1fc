"""The page of a package: what it says, its files, its releases, and lines to copy."""

import pytest
from tests.integration.people.visiting import Visitor, publish
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject
from tests.support.shelf import fill

from wheelyard_core.domain.access import Role

pytestmark = pytest.mark.integration

LEDGER = (
    ADistribution(fields=())
    .named("Ledger", "2.0")
    .with_field("Summary", "Books for events")
    .with_field("License-Expression", "Apache-2.0")
    .with_field("Author-email", "Ada <ada@example.org>")
    .with_field("Keywords", "books,events")
    .with_field("Home-page", "https://old.example.org/ledger")
    .with_field("Project-URL", "Source, https://git.example.org/ledger")
    .with_field("Project-URL", "home page, https://ledger.example.org")
    .with_field("Classifier", "Typing :: Typed")
    .requiring_python(">=3.9")
    .requiring("attrs>=23", "rich ; extra == 'cli'")
    .with_field("Provides-Extra", "cli")
    .with_field("Description-Content-Type", "text/markdown")
    .described("# Ledger\n\nBooks **everything** twice.\n")
)


def yank(yard: Yard, project: SeededProject, what: str, reason: str) -> None:
    maintainer = yard.seed.personal_token(yard.seed.member(Role.MAINTAINER, project=project))
    address = f"/api/v4/projects/{project.id}/packages/pypi/yank/{what}"
    assert yard.ask("PUT", address, maintainer, json={"reason": reason}).status_code == 200


def test_a_package_shows_what_its_latest_release_says(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    publish(yard, open_project.id, publisher, LEDGER.wheel())

    page = anonymous.look(f"/{open_project.path}/packages/ledger")

    assert page.heading == "Ledger 2.0"
    for shown in (
        "Books for events",
        "Apache-2.0",
        "Ada <ada@example.org>",
        ">=3.9",
        "books,events",
    ):
        assert shown in page.text
    for shown in ("attrs>=23", "rich ; extra == 'cli'", "Typing :: Typed"):
        assert shown in page.text
    assert page.link("Source") == "https://git.example.org/ledger"
    # PEP 753: the deprecated field gives way to a label of the same meaning.
    assert page.link("home page") == "https://ledger.example.org"
    assert "https://old.example.org" not in page.answer.text
    (readme,) = page.soup.select(".readme")
    assert readme.select_one("strong") is not None
    assert readme.find("h1") is None


def test_every_file_is_shown_with_its_digests_verdict_and_publisher(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    wheel, sdist = LEDGER.wheel(), LEDGER.sdist()
    publish(yard, open_project.id, publisher, wheel, sdist)

    page = anonymous.look(f"/{open_project.path}/packages/ledger/2.0")

    first, second = page.rows("Files of Ledger 2.0")
    for row, built in ((first, sdist), (second, wheel)):
        assert row.startswith(built.filename)
        assert "Passed" in row
        assert built.sha256 in row
        assert "by user-" in row
    served = anonymous.browser.get(page.link(wheel.filename))
    assert served.data == wheel.content
    assert anonymous.browser.get(page.link("metadata")).status_code == 200


def test_releases_are_listed_from_the_newest_on(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    for version in ("1.10", "1.9", "2.0rc1", "1.11"):
        publish(yard, open_project.id, publisher, LEDGER.versioned(version).wheel())
    yank(yard, open_project, "ledger/1.11", "lost a book")

    page = anonymous.look(f"/{open_project.path}/packages/ledger")

    assert page.heading == "Ledger 1.10"
    rows = page.rows("Releases of Ledger")
    assert [row.split()[0] for row in rows] == ["2.0rc1", "1.11", "1.10", "1.9"]
    assert "Pre-release" in rows[0]
    assert "Yanked" in rows[1]
    assert "lost a book" in rows[1]
    assert "Latest" in rows[2]


def test_a_yanked_release_says_so_and_why(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    for version in ("1.0", "2.0"):
        publish(yard, open_project.id, publisher, LEDGER.versioned(version).wheel())
    yank(yard, open_project, "ledger/2.0", "<b>bad</b>")

    page = anonymous.look(f"/{open_project.path}/packages/ledger/2.0")

    assert "This release is yanked" in page.text
    assert "Reason: <b>bad</b>" in page.text
    assert page.link("1.0 is the latest") == f"/{open_project.path}/packages/ledger"


def test_a_release_of_which_one_file_is_yanked_is_not_yanked(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    wheel = LEDGER.wheel()
    publish(yard, open_project.id, publisher, wheel, LEDGER.sdist())
    yank(yard, open_project, f"ledger/2.0/{wheel.filename}", "broken wheel")

    page = anonymous.look(f"/{open_project.path}/packages/ledger")

    assert "This release is yanked" not in page.text
    sdist_row, wheel_row = page.rows("Files of")
    assert "Yanked" not in sdist_row
    assert "broken wheel" in wheel_row


def test_many_releases_are_turned_over(
    yard: Yard, anonymous: Visitor, open_project: SeededProject
) -> None:
    versions = tuple(f"1.{number}" for number in range(70))
    fill(yard.registry, open_project, ["demo"], versions)

    page = anonymous.look(f"/{open_project.path}/packages/demo")
    seen = [row.split()[0] for row in page.rows("Releases")]
    while "Older →" in page.text:
        page = anonymous.look(page.link("Older →"))
        seen += [row.split()[0] for row in page.rows("Releases")]

    assert seen == list(reversed(versions))
    assert page.heading == "demo 1.69"
    assert anonymous.look(page.link("← Newer")).rows("Releases")[0].startswith("1.39")


def test_a_version_is_found_by_any_spelling(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    publish(yard, open_project.id, publisher, LEDGER.versioned("1!2.0+local.1").wheel())

    for version in ("1!2.0+local.1", "1!2+local.1", "v1!2.0.0+LOCAL-1", "1%212.0%2Blocal.1"):
        page = anonymous.look(f"/{open_project.path}/packages/LEDGER/{version}")
        assert page.heading == "Ledger 1!2.0+local.1"
    link = page.link("1!2.0+local.1")
    assert anonymous.look(link).heading == "Ledger 1!2.0+local.1"


def test_what_is_not_there_is_said_on_a_page(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    publish(yard, open_project.id, publisher, LEDGER.wheel())

    for address, status, sentence in (
        ("nope", 404, "Package not found: nope"),
        ("ledger/9", 404, "Release not found: Ledger 9"),
        ("ledger/nonsense", 400, "not valid by PEP 440"),
        ("ledger/2.0?older=x y", 400, "not valid by PEP 440"),
    ):
        page = anonymous.look(f"/{open_project.path}/packages/{address}", status)
        assert sentence in page.text


def test_lines_to_copy_name_this_index_and_no_secret(
    yard: Yard, reader: Visitor, project: SeededProject, developer: str
) -> None:
    wheel = LEDGER.wheel()
    publish(yard, project.id, developer, wheel)

    page = reader.look(f"/{project.path}/packages/ledger")

    index = f"http://__token__:${{WHEELYARD_TOKEN}}@yard.example/{project.path}/simple/"
    codes = page.codes()
    assert f'pip install --index-url "{index}" Ledger' in codes
    assert f'uv pip install --index-url "{index}" Ledger' in codes
    assert f"--index-url {index}\nLedger==2.0" in codes
    assert f"--index-url {index}\nLedger==2.0 \\\n    --hash=sha256:{wheel.sha256}" in codes
    assert any(f"repository = http://yard.example/{project.path}/legacy/" in code for code in codes)
    assert developer not in page.answer.text
    # A version that was asked for stays asked for.
    pinned = reader.look(f"/{project.path}/packages/ledger/2.0").codes()
    assert f'pip install --index-url "{index}" Ledger==2.0' in pinned


def test_nobody_needs_a_token_for_the_lines_of_a_public_project(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    publish(yard, open_project.id, publisher, LEDGER.wheel())

    codes = anonymous.look(f"/{open_project.path}/packages/ledger").codes()

    index = f"http://yard.example/{open_project.path}/simple/"
    assert f"pip install --index-url {index} Ledger" in codes
    assert not any("TOKEN" in code for code in codes if "install" in code)


def test_a_release_without_a_description_says_how_to_give_one(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    publish(yard, open_project.id, publisher, ADistribution().wheel())

    page = anonymous.look(f"/{open_project.path}/packages/demo")

    assert 'readme = "README.md"' in page.text


def test_a_job_is_named_as_what_published(
    yard: Yard, anonymous: Visitor, open_project: SeededProject
) -> None:
    job = yard.seed.job_token(open_project)
    answer = yard.publish(open_project.id, LEDGER.wheel(), job, "gitlab-ci-token")
    assert answer.status_code == 201

    page = anonymous.look(f"/{open_project.path}/packages/ledger")

    assert page.link("job 7") == "https://ci.example/7"
    assert "on main" in page.rows("Files of")[0]


def set_status(yard: Yard, project: SeededProject, status: str, reason: str) -> None:
    maintainer = yard.seed.personal_token(yard.seed.member(Role.MAINTAINER, project=project))
    address = f"/api/v4/projects/{project.id}/packages/pypi/status/ledger"
    answer = yard.ask("PUT", address, maintainer, json={"status": status, "reason": reason})
    assert answer.status_code == 200, answer.text


def test_a_package_says_how_it_stands(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    publish(yard, open_project.id, publisher, LEDGER.wheel())
    place = f"/{open_project.path}"

    for status, sentence in (
        ("archived", "This package is archived. It takes no new files. Reason: <i>old</i>"),
        ("deprecated", "This package is deprecated. Reason: <i>old</i>"),
    ):
        set_status(yard, open_project, status, "<i>old</i>")
        assert sentence in anonymous.look(f"{place}/packages/ledger").text
        assert status.capitalize() in anonymous.look(place).rows("Packages in")[0]


def test_nothing_of_a_quarantined_package_is_offered(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    wheel = LEDGER.wheel()
    publish(yard, open_project.id, publisher, wheel)
    set_status(yard, open_project, "quarantined", "malware")
    place = f"/{open_project.path}/packages/ledger"

    page = anonymous.look(place)
    assert "This package is quarantined. None of its files is listed or served." in page.text
    assert "Reason: malware" in page.text
    assert page.codes() == []
    at_version = anonymous.look(f"{place}/2.0")
    assert at_version.codes() == []
    assert "Quarantined" in at_version.rows("Files of")[0]
    assert wheel.sha256 not in "".join(
        str(link.get("href")) for link in at_version.soup.find_all("a")
    )


def test_a_token_without_a_person_is_named_as_what_it_is(
    yard: Yard, anonymous: Visitor, open_project: SeededProject
) -> None:
    publish(yard, open_project.id, yard.seed.deploy_token(project=open_project), LEDGER.wheel())

    assert (
        "by deployer (deploy token)" in anonymous.look(f"/{open_project.path}/packages/ledger").text
    )


def test_the_address_that_gitlabs_api_gives_leads_to_the_page(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    publish(yard, open_project.id, publisher, LEDGER.versioned("1!2.0").wheel())
    packages = f"/api/v4/projects/{open_project.id}/packages"
    (release,) = yard.ask("GET", packages).get_json()

    answer = anonymous.browser.get(release["_links"]["web_path"])

    assert answer.status_code == 303
    assert anonymous.look(answer.headers["Location"]).heading == "Ledger 1!2.0"
    hidden = yard.seed.project()
    for path in (f"/{open_project.path}/-/packages/999", f"/{hidden.path}/-/packages/1"):
        status = 404 if hidden.path not in path else 401
        anonymous.look(path, status)
