"""What is taken: every order and spelling that clients have."""

from collections.abc import Callable

import pytest
from tests.e2e.uploads.wire import DEMO, FORM, WHEEL
from tests.support.forms import AForm, Answer, FilePart, ask, basic, post
from tests.support.seed import SeededProject
from tests.support.wheelyard import Wheelyard

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


ACCEPTED = {
    "what twine sends": FORM,
    "every field behind the file": FORM.reversed(),
    "name and version behind the file": FORM.without("name", "version")
    .with_field_behind("version", "1.0")
    .with_field_behind("name", "demo"),
    "the digest behind the file": FORM.without("sha256_digest").with_field_behind(
        "sha256_digest", WHEEL.sha256
    ),
    "no digest": FORM.without("sha256_digest"),
    "only what is needed": AForm((("name", "demo"), ("version", "1.0")), FORM.files),
    "no action": FORM.without(":action"),
    "an empty action": FORM.saying(**{":action": ""}),
    "no protocol version": FORM.without("protocol_version"),
    "no file type": FORM.without("filetype"),
    "no python version": FORM.without("pyversion"),
    "a file part without a type": FORM.untyped(),
    "empty strings": FORM.with_field("md5_digest", "").with_field("blake2_256_digest", ""),
    "a digest in capitals": FORM.saying(sha256_digest=WHEEL.sha256.upper()),
    "unknown fields": FORM.with_field("favourite_colour", "blue"),
    "attestations of nothing": FORM.with_field("attestations", "[]"),
    "a signature": FORM.with_file(FilePart("demo.asc", b"-----", name="gpg_signature")),
    "a field twice with one value": FORM.with_field("name", "demo"),
    "classifiers many times": FORM.with_field("classifiers", "A").with_field("classifiers", "B"),
    "fields that disagree with the file": FORM.saying(metadata_version="1.0")
    .with_field("summary", "another one")
    .with_field("requires_python", "no specifier at all"),
    "another spelling of the name": FORM.saying(name="DeMo"),
    "another spelling of the version": FORM.saying(version="v1.0.0"),
}


@pytest.mark.parametrize("form", ACCEPTED.values(), ids=ACCEPTED)
def test_a_form_is_accepted(form: AForm, upload: Callable[[AForm], Answer]) -> None:
    answer = upload(form)

    assert (answer.status, answer.json) == (201, {"message": "201 Created"})


NAMES = ["demo", "d", "De.mo_x", "0demo9", "a" * 200]
VERSIONS = {
    "1.0": "1.0",
    "v1.0": "1.0",
    "1!2.0": "1!2.0",
    "1.0-alpha": "1.0a0",
    "1.0_rc.1": "1.0rc1",
    "1.0-1": "1.0.post1",
    "1.0.post2": "1.0.post2",
    "1.0.dev3": "1.0.dev3",
    "1.0+ubuntu.1": "1.0+ubuntu.1",
    "1.0.RC1": "1.0rc1",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_accepted(name: str, upload: Callable[[AForm], Answer]) -> None:
    assert upload(AForm.of(DEMO.named(name).wheel())).status == 201


@pytest.mark.parametrize(("written", "normalized"), VERSIONS.items(), ids=VERSIONS)
def test_a_version_is_accepted(
    written: str, normalized: str, upload: Callable[[AForm], Answer]
) -> None:
    wheel = DEMO.versioned(normalized).wheel()

    answer = upload(AForm.of(wheel).saying(version=written))

    assert answer.status == 201, answer.reason


def test_a_version_spelled_otherwise_in_the_metadata_is_shown_normalized(
    url: str, token: str, upload: Callable[[AForm], Answer]
) -> None:
    metadata = "Metadata-Version: 2.1\nName: demo\nVersion: v1.0-alpha\n"
    wheel = DEMO.versioned("1.0a0").with_metadata(metadata).wheel()

    assert upload(AForm.of(wheel)).status == 201

    accept = {"Accept": "application/vnd.pypi.simple.v1+json", **basic("__token__", token)}
    assert ask("GET", f"{url}/simple/demo/", headers=accept).json["versions"] == ["1.0a0"]


@pytest.mark.parametrize("action", ["file_upload", "submit"])
def test_the_action_may_be_in_the_query(action: str, url: str, token: str) -> None:
    answer = post(f"{url}?:action={action}", FORM.without(":action"), token)

    assert answer.status == {"file_upload": 201, "submit": 410}[action]


@pytest.mark.parametrize("pieces", [1, 7, 1 << 20], ids=lambda n: f"pieces of {n}")
@pytest.mark.parametrize("form", [FORM, FORM.reversed()], ids=["fields first", "file first"])
def test_a_chunked_body_is_accepted(pieces: int, form: AForm, url: str, token: str) -> None:
    body = form.body()
    chunks = (body[start : start + pieces] for start in range(0, len(body), pieces))

    assert post(url, chunks, token).status == 201


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("address", ["number", "encoded path", "path", "alias"])
def test_every_address_takes_uploads(
    address: str, slash: str, wheelyard: Wheelyard, project: SeededProject, token: str
) -> None:
    path = {
        "number": f"/api/v4/projects/{project.id}/packages/pypi",
        "encoded path": f"/api/v4/projects/{project.path.replace('/', '%2F')}/packages/pypi",
        "path": f"/api/v4/projects/{project.path.upper()}/packages/pypi",
        "alias": f"/{project.path}/legacy",
    }[address]

    assert post(f"{wheelyard.url}{path}{slash}", FORM, token).status == 201
