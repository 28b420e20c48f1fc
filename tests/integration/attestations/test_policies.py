"""What a project makes of attestations, and who is refused with which sentence."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from tests.integration.attestations.conftest import ON_BUILDKITE, Works
from tests.support.distributions import ADistribution, Built
from tests.support.forms import AForm
from tests.support.sigstore import PUBLISH, Signing, Sigstore, changed
from werkzeug.test import TestResponse

from wheelyard_core.adapters.db.models import FileAttestations

pytestmark = pytest.mark.integration

DEMO = ADistribution().named("Demo.Pkg", "1.0")
WHEEL, OTHER = DEMO.wheel(), DEMO.described("other bytes").wheel()


def sentence(answer: TestResponse) -> str:
    """See an upload refused; return what the client is told."""
    assert answer.status_code == 400, answer.text
    code: str = answer.get_json()["code"]
    return code.removeprefix("400 ")


def kept(works: Works) -> int:
    with works.yard.kept.session() as session:
        return session.scalar(select(func.count()).select_from(FileAttestations)) or 0


@pytest.fixture
def developer(works: Works) -> str:
    return works.yard.seed.developer_token(works.project)


def test_attestations_are_ignored_where_nothing_is_said(works: Works, developer: str) -> None:
    works.policy("off")
    before = kept(works)

    for number, field in enumerate(["", "[]", "no JSON", "x" * 200_000, works.signed(WHEEL)]):
        built = DEMO.versioned(f"1.{number}").wheel()
        assert works.publish(built, field, developer).status_code == 201

    assert not any("provenance" in file for file in works.listing())
    assert kept(works) == before


@pytest.mark.parametrize("none", [None, "", "[]"])
def test_a_file_without_attestations_is_taken_unless_they_are_required(
    works: Works, developer: str, none: str | None
) -> None:
    assert works.publish(WHEEL, none, developer).status_code == 201
    assert "provenance" not in works.listing()[0]


@pytest.mark.parametrize("none", [None, "", "[]"])
def test_a_file_without_attestations_is_refused_where_they_are_required(
    works: Works, none: str | None
) -> None:
    works.policy("require")

    told = sentence(works.publish(WHEEL, none))

    assert told == (
        "This project takes only files with attestations, and this one came without: have the "
        "pipeline make them"
    )
    assert works.publish(WHEEL, works.signed(WHEEL)).status_code == 201


def test_where_they_are_required_a_token_of_no_pipeline_is_refused_before_the_file(
    works: Works, developer: str
) -> None:
    works.policy("require")
    # Its end is missing: whoever read on would call it broken.
    cut = AForm.of(WHEEL).body()[:-20]

    answer = works.yard.client.post(
        f"/api/v4/projects/{works.project.id}/packages/pypi",
        data=cut,
        headers={**works.headers(developer)},
    )

    assert sentence(answer) == (
        "This project takes only files with attestations: publish from a pipeline that it trusts, "
        "which makes them"
    )


def test_attestations_by_a_token_of_no_pipeline_are_refused(works: Works, developer: str) -> None:
    assert sentence(works.publish(WHEEL, works.signed(WHEEL), developer)) == (
        "attestations count only from a pipeline that the project trusts, and this token is not "
        "one's: publish from there, or without attestations"
    )


def test_pipelines_of_other_issuers_cannot_attest(works: Works) -> None:
    secret = works.token(ON_BUILDKITE)

    told = sentence(works.publish(WHEEL, works.signed(WHEEL), secret))

    assert "only those by pipelines of GitHub and GitLab can" in told
    assert works.publish(WHEEL, None, secret).status_code == 201


def test_what_is_there_is_sent_again_with_success(works: Works, developer: str) -> None:
    works.publish(WHEEL, works.signed(WHEEL))
    works.policy("require")

    for field in (None, "[]", works.signed(WHEEL), works.signed(OTHER)):
        assert works.publish(WHEEL, field).status_code == 200
    assert works.publish(WHEEL, None, developer).status_code == 200
    assert "provenance" in works.listing()[0]


def test_malformed_attestations_are_refused_before_the_file(works: Works) -> None:
    cut = AForm.of(WHEEL).with_field("attestations", "[{").body()[:-20]

    answer = works.yard.client.post(
        f"/api/v4/projects/{works.project.id}/packages/pypi",
        data=cut,
        headers=works.headers(works.token()),
    )

    assert sentence(answer) == "attestations are malformed: the field cannot be read as JSON"


def test_two_fields_of_attestations_must_be_the_same(works: Works) -> None:
    signed = works.signed(WHEEL)
    form = AForm.of(WHEEL).with_field("attestations", signed)

    assert (
        sentence(works.send(form.with_field_behind("attestations", works.signed(WHEEL))))
        == "The field attestations is sent twice with different values: send it once"
    )
    assert works.send(form.with_field_behind("attestations", signed)).status_code == 201


def test_too_many_or_too_large_ones_are_refused(works: Works) -> None:
    signed = Signing.of(WHEEL)

    many = sentence(works.publish(WHEEL, works.sigstore.form(signed, signed, signed)))
    same = sentence(works.publish(WHEEL, works.sigstore.form(signed, signed)))
    large = sentence(works.publish(WHEEL, works.signed(WHEEL) + " " * (128 << 10)))

    assert many == "attestations has 3 of them, and a file may have 2"
    assert same == f"attestations has two of the kind {PUBLISH}"
    assert large == "attestations take more than 131072 characters"


def broken(works: Works, built: Built) -> str:
    one, other = (works.sigstore.attest(Signing.of(built)) for _ in range(2))
    signature = other["envelope"]["signature"]
    return json.dumps([changed(one, "envelope", "signature", to=signature)])


Flaw = Callable[[Works, Built], str]
FLAWS: dict[str, tuple[Flaw, str]] = {
    "other bytes": (
        lambda works, built: works.signed(built, sha256=OTHER.sha256),
        f"an attestation is about other bytes, with the sha256 '{OTHER.sha256}'",
    ),
    "another file": (
        lambda works, built: works.signed(built, filename="demo_pkg-2.0-py3-none-any.whl"),
        "an attestation is about 'demo_pkg-2.0-py3-none-any.whl', another file",
    ),
    "another workflow": (
        lambda works, built: works.signed(built, workflow="https://github.com/acme/tools/x.yml@v1"),
        "OIDCBuildConfigURI does not match",
    ),
    "another repository": (
        lambda works, built: works.signed(built, repository="https://github.com/evil/tools"),
        "OIDCSourceRepositoryURI does not match",
    ),
    "another signature": (broken, "DSSE: invalid signature"),
    "another Sigstore": (
        lambda _, built: Sigstore().form(Signing.of(built)),
        "certificate chain",
    ),
    "one of two": (
        lambda works, built: works.sigstore.form(
            Signing.of(built),
            replace(
                Signing.of(built), predicate="https://slsa.dev/provenance/v1", sha256=OTHER.sha256
            ),
        ),
        "about other bytes",
    ),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_an_attestation_that_does_not_verify_rejects_its_file(works: Works, flaw: str) -> None:
    make, reason = FLAWS[flaw]
    before = kept(works)

    told = sentence(works.publish(WHEEL, make(works, WHEEL)))

    assert reason in told
    assert told.startswith(WHEEL.filename)
    # Nothing of it is left, and the name is free.
    assert kept(works) == before
    assert works.yard.page(works.project.id, "demo-pkg", works.maintainer).status_code == 404
    assert works.publish(WHEEL, works.signed(WHEEL)).status_code == 201


def test_problems_of_archive_and_attestation_come_in_one_verdict(works: Works) -> None:
    bad = DEMO.with_member("../evil.py").wheel()

    answer = works.publish(bad, works.signed(bad, sha256=OTHER.sha256))

    assert answer.status_code == 400
    problems: list[str] = answer.get_json()["errors"]
    assert any("../evil.py" in problem for problem in problems)
    assert "about other bytes" in problems[-1]


def test_the_policy_is_a_setting_of_the_project(works: Works) -> None:
    place = f"/api/v4/projects/{works.project.id}"

    def put(policy: str) -> TestResponse:
        return works.yard.ask("PUT", place, works.maintainer, json={"attestation_policy": policy})

    assert put("require").get_json()["attestation_policy"] == "require"
    refused = put("sometimes")
    assert refused.status_code == 400
    assert "attestation_policy does not have a valid value" in refused.get_json()["message"]
    developer = works.yard.seed.developer_token(works.project)
    by_developer = works.yard.ask("PUT", place, developer, json={"attestation_policy": "off"})
    assert by_developer.status_code == 403
    events = works.yard.ask("GET", f"{place}/audit_events", works.maintainer).get_json()
    assert events[0]["details"]["changes"] == {
        "attestation_policy": {"from": "verify", "to": "require"}
    }
