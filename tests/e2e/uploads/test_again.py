"""The same again, other bytes under a taken name, and clients that go away."""

import socket
import struct
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from tests.e2e.uploads.wire import DEMO, FORM, OTHER, WHEEL, noise, on_disk
from tests.support.backstage import Backstage
from tests.support.forms import AForm, Answer, ask, basic, head_of, post
from tests.support.seed import SeededProject
from tests.support.wheelyard import Wheelyard

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


def test_identical_bytes_again_are_a_success(upload: Callable[[AForm], Answer]) -> None:
    assert upload(FORM).status == 201

    again = [upload(form) for form in (FORM, FORM.reversed(), FORM.without("sha256_digest"))]

    assert [(answer.status, answer.json) for answer in again] == [(200, {"message": "200 OK"})] * 3


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "undeclared"])
def test_other_bytes_under_a_taken_name_are_refused(
    declared: bool,
    upload: Callable[[AForm], Answer],
) -> None:
    upload(FORM)
    other = AForm.of(OTHER)

    answer = upload(other if declared else other.without("sha256_digest"))

    assert answer.status == 400
    assert answer.reason.startswith(
        "File already exists: demo-1.0-py3-none-any.whl has already been taken"
    )


def test_other_bytes_that_claim_the_digest_of_those_there_are_refused(
    upload: Callable[[AForm], Answer],
) -> None:
    upload(FORM)

    answer = upload(AForm.of(OTHER).saying(sha256_digest=WHEEL.sha256))

    assert answer.status == 400


def test_a_lost_answer_is_no_lost_file(
    url: str, token: str, upload: Callable[[AForm], Answer], backstage: Backstage
) -> None:
    body = FORM.body()
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(head_of(url, token, len(body)) + body)
    listed = {"Accept": "application/vnd.pypi.simple.v1+json", **basic("__token__", token)}
    backstage.until(
        lambda: ask("GET", f"{url}/simple/demo/", headers=listed).status == 200, "it is listed"
    )

    assert upload(FORM).status == 200


@pytest.mark.parametrize("abrupt", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "undeclared"])
@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_client_that_goes_away_leaves_nothing(  # noqa: PLR0917  each parameter is a fixture
    share: float,
    declared: bool,
    abrupt: bool,
    url: str,
    token: str,
    project: SeededProject,
    wheelyard: Wheelyard,
    backstage: Backstage,
) -> None:
    before = on_disk(wheelyard)
    form = AForm.of(DEMO.with_member("noise.bin", noise(4 << 20)).wheel())
    body = (form if declared else form.without("sha256_digest")).body()
    parts = urlsplit(url)

    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(head_of(url, token, len(body)) + body[: int(len(body) * share)])
        if abrupt:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    backstage.until(lambda: on_disk(wheelyard) <= before, "no byte is left")
    backstage.until(lambda: backstage.uploads(project.id) == [], "no upload is left")
    assert backstage.filenames(project.id) == []


@pytest.mark.parametrize("how", ["keep-alive", "close"])
def test_a_large_file_again_is_answered_though_nobody_reads_it(
    how: str, url: str, token: str
) -> None:
    form = AForm.of(DEMO.with_member("noise.bin", noise(8 << 20)).wheel())
    assert post(url, form, token).status in {201, 202}

    assert post(url, form, token, {"Connection": how}).status == 200
