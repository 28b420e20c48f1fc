"""Files that come with attestations: verified, kept, named by pages, served as PyPI does."""

import json
from dataclasses import replace

import pytest
from pypi_attestations import Provenance
from tests.integration.attestations.conftest import (
    ON_GITHUB,
    ON_GITLAB,
    ON_LAB,
    Forge,
    Works,
)
from tests.support.distributions import ADistribution
from tests.support.forms import AForm
from tests.support.sigstore import PROVENANCE, PUBLISH, Signing

pytestmark = pytest.mark.integration

WHEEL = ADistribution().named("Demo.Pkg", "1.0").wheel()
OTHER = ADistribution().named("Demo.Pkg", "2.0").wheel()
TYPE = "application/vnd.pypi.integrity.v1+json"
ON_PYPI = {"kind": "GitHub", "repository": "acme/tools", "workflow": "publish.yml"}


def signing(forge: Forge, base: str, workflow: str) -> Signing:
    return Signing.of(
        WHEEL, issuer=forge.issuer, repository=f"{base}/acme/tools", workflow=workflow
    )


BY = {
    "github.com": (
        ON_GITHUB,
        Signing.of(WHEEL),
        ON_PYPI | {"environment": "release"},
    ),
    "gitlab.com": (
        ON_GITLAB,
        signing(
            ON_GITLAB,
            "https://gitlab.com",
            "https://gitlab.com/acme/tools//.gitlab-ci.yml@refs/tags/v1.0",
        ),
        {
            "kind": "GitLab",
            "repository": "acme/tools",
            "workflow_filepath": ".gitlab-ci.yml",
            "environment": None,
        },
    ),
    "a GitLab of one's own": (
        ON_LAB,
        signing(
            ON_LAB,
            "https://lab.example",
            "https://lab.example/acme/tools//ci/publish.yml@refs/tags/v1.0",
        ),
        {
            "kind": "GitLab Self-Managed",
            "server": "https://lab.example",
            "repository": "acme/tools",
            "workflow_filepath": "ci/publish.yml",
            "environment": None,
        },
    ),
}


@pytest.mark.parametrize("where", BY)
def test_an_attested_file_is_served_with_its_provenance(works: Works, where: str) -> None:
    forge, signed, publisher = BY[where]
    sent = works.sigstore.attest(signed)

    answer = works.publish(WHEEL, json.dumps([sent]), works.token(forge))

    assert answer.status_code == 201, answer.text
    [file] = works.listing()
    assert file["provenance"] == (
        f"http://yard.example/api/v4/projects/{works.project.id}/packages/pypi/integrity"
        f"/demo-pkg/1.0/{WHEEL.filename}/provenance"
    )
    served = works.get(file["provenance"])
    assert (served.status_code, served.content_type) == (200, TYPE)
    assert json.loads(served.data) == {
        "version": 1,
        "attestation_bundles": [{"publisher": publisher, "attestations": [sent]}],
    }


def test_a_file_may_have_one_attestation_of_each_kind(works: Works) -> None:
    signed = Signing.of(WHEEL)
    both = works.sigstore.form(signed, replace(signed, predicate=PROVENANCE))

    assert works.publish(WHEEL, both).status_code == 201

    [file] = works.listing()
    # PyPI's own library reads what is served.
    read = Provenance.model_validate_json(works.get(file["provenance"]).data)
    [bundle] = read.attestation_bundles
    kinds = [one.statement["predicateType"] for one in bundle.attestations]
    assert kinds == [PUBLISH, PROVENANCE]


def test_pages_name_provenance_exactly_where_it_is_served(works: Works) -> None:
    secret = works.token()
    works.publish(WHEEL, works.signed(WHEEL), secret)
    works.publish(OTHER, None, secret)

    with_it, without = works.listing()

    assert "provenance" in with_it
    assert "provenance" not in without
    html = works.get(
        f"/api/v4/projects/{works.project.id}/packages/pypi/simple/demo-pkg/", Accept="text/html"
    ).text
    assert html.count("data-provenance") == 1
    assert f'data-provenance="{with_it["provenance"]}"' in html
    missing = with_it["provenance"].replace(WHEEL.filename, OTHER.filename).replace("1.0", "2.0")
    assert works.get(missing).status_code == 404
    assert works.get(with_it["provenance"].replace("/1.0/", "/2.0/")).status_code == 404
    assert works.get(with_it["provenance"].replace("demo-pkg", "other")).status_code == 404


def test_a_deleted_file_takes_its_provenance_along(works: Works) -> None:
    works.publish(WHEEL, works.signed(WHEEL))
    [file] = works.listing()
    place = f"/api/v4/projects/{works.project.id}/packages"
    [package] = works.yard.ask("GET", place, works.maintainer).get_json()

    works.yard.ask("DELETE", f"{place}/{package['id']}", works.maintainer)

    assert works.get(file["provenance"]).status_code == 404
    # The same file again, and this time nobody attests it.
    assert works.publish(WHEEL, None).status_code == 201
    assert "provenance" not in works.listing()[0]
    assert works.get(file["provenance"]).status_code == 404


def test_a_project_is_deleted_with_its_attestations(works: Works) -> None:
    works.publish(WHEEL, works.signed(WHEEL))
    admin = works.yard.seed.personal_token(works.yard.seed.user(admin=True))

    answer = works.yard.ask("DELETE", f"/api/v4/projects/{works.project.id}", admin)

    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, TYPE),
        ("*/*", TYPE),
        (TYPE, TYPE),
        ("application/json", "application/json"),
        (f"application/json;q=0.5, {TYPE}", TYPE),
        ("text/html,application/xhtml+xml,*/*;q=0.8", TYPE),
        ("text/html", None),
        ("application/vnd.pypi.simple.v1+json", None),
    ],
)
def test_provenance_is_negotiated(
    works: Works, accept: str | None, content_type: str | None
) -> None:
    works.publish(WHEEL, works.signed(WHEEL))
    [file] = works.listing()

    answer = works.get(file["provenance"], **({} if accept is None else {"Accept": accept}))

    if content_type is None:
        assert answer.status_code == 406
        assert answer.content_type.startswith(("application/json", "text/html"))
    else:
        assert (answer.status_code, answer.content_type) == (200, content_type)
    assert answer.headers["Vary"] == "Accept"


def test_provenance_revalidates_and_has_a_head(works: Works) -> None:
    works.publish(WHEEL, works.signed(WHEEL))
    address = works.listing()[0]["provenance"]
    whole = works.get(f"{address}/")
    headers = {"PRIVATE-TOKEN": works.maintainer}

    again = works.get(address, **{"If-None-Match": whole.headers["ETag"]})
    head = works.yard.client.head(address.removeprefix("http://yard.example"), headers=headers)
    post = works.yard.client.post(address.removeprefix("http://yard.example"), headers=headers)

    assert whole.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    assert not whole.headers["ETag"].startswith("W/")
    assert (again.status_code, again.data) == (304, b"")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.data))
    assert (post.status_code, "GET" in post.headers["Allow"]) == (405, True)


def test_attestations_may_come_behind_the_file(works: Works) -> None:
    works.policy("require")
    form = AForm.of(WHEEL).with_field_behind("attestations", works.signed(WHEEL))

    assert works.send(form).status_code == 201
    assert "provenance" in works.listing()[0]


def test_whoever_may_not_read_a_project_learns_nothing_of_provenance(works: Works) -> None:
    works.publish(WHEEL, works.signed(WHEEL))
    here = works.listing()[0]["provenance"]
    in_group = here.replace(f"projects/{works.project.id}/", f"groups/{works.project.group.id}/-/")
    stranger = works.yard.seed.personal_token(works.yard.seed.user())

    assert works.get(in_group).data == works.get(here).data
    for address in (here, in_group):
        assert works.get(address, **{"PRIVATE-TOKEN": ""}).status_code == 401
        answer = works.get(address, **{"PRIVATE-TOKEN": stranger})
        nothing = address.replace(WHEEL.filename, OTHER.filename)
        unknown = works.get(nothing, **{"PRIVATE-TOKEN": stranger})
        assert (answer.status_code, answer.data) == (unknown.status_code, unknown.data)
        assert answer.status_code == 404


def test_a_group_serves_the_provenance_of_the_file_that_its_page_lists(works: Works) -> None:
    works.policy("off")
    works.publish(WHEEL, None)
    second = replace(works, project=works.yard.seed.project(works.project.group))
    admin = works.yard.seed.personal_token(works.yard.seed.user(admin=True))
    second = replace(second, maintainer=admin)
    second.policy("verify")
    assert second.publish(WHEEL, works.signed(WHEEL)).status_code == 201
    place = f"/api/v4/groups/{works.project.group.id}/-/packages/pypi"
    provenance = f"{place}/integrity/demo-pkg/1.0/{WHEEL.filename}/provenance"

    page = second.get(f"{place}/simple/demo-pkg/", Accept="application/json;q=0.1,*/*;q=0.2").text

    # The older file wins, and nobody attested that one.
    assert WHEEL.filename in page
    assert "data-provenance" not in page
    assert second.get(provenance).status_code == 404
    assert second.get(second.listing()[0]["provenance"]).status_code == 200


def test_people_see_that_a_file_is_attested_and_by_whom(works: Works) -> None:
    works.publish(WHEEL, works.signed(WHEEL))

    page = works.get(f"/{works.project.path}/packages/demo-pkg", Accept="text/html").text

    assert "Attested by github:acme/tools" in page
    path = f"/api/v4/projects/{works.project.id}/packages/pypi/integrity/demo-pkg/1.0"
    assert f'href="{path}/{WHEEL.filename}/provenance"' in page


def test_what_was_attested_is_told_of(works: Works) -> None:
    works.publish(WHEEL, works.signed(WHEEL))
    events = works.yard.ask(
        "GET", f"/api/v4/projects/{works.project.id}/audit_events", works.maintainer
    ).get_json()

    [published] = [event for event in events if event["event_name"] == "file_published"]

    assert published["details"]["attested_by"] == "github:acme/tools"
