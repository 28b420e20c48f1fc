"""The same bytes again: a success, over the connection that the client keeps."""

import random

import pytest
from tests.support.distributions import ADistribution
from tests.support.forms import AForm
from tests.support.seed import SeededProject
from tests.support.uploading import Connection
from tests.support.wheelyard import Wheelyard

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

A_MEGABYTE = random.Random(1).randbytes(1 << 20)


def test_a_file_that_is_there_already_leaves_the_connection_to_the_next_one(
    wheelyard: Wheelyard, project: SeededProject, token: str
) -> None:
    path = f"/api/v4/projects/{project.id}/packages/pypi"
    one = ADistribution().with_payload(A_MEGABYTE)
    form, other = AForm.of(one.wheel()).body(), one.versioned("2.0")

    with Connection(wheelyard.host, token) as client:
        answers = [client.upload(path, form) for _ in range(4)]
        answers.append(client.upload(path, AForm.of(other.wheel()).body()))

    assert [status for status, _ in answers] == [201, 200, 200, 200, 201]


def test_other_bytes_under_the_digest_of_a_file_that_is_there_are_refused(
    wheelyard: Wheelyard, project: SeededProject, token: str
) -> None:
    path = f"/api/v4/projects/{project.id}/packages/pypi"
    one = ADistribution().with_payload(A_MEGABYTE)
    form = AForm.of(one.wheel()).body()

    with Connection(wheelyard.host, token) as client:
        client.upload(path, form)
        status, message = client.upload(path, form.replace(b"PK\x03\x04", b"PK\x03\x05", 1))

    assert status == 400
    assert "sha256" in message
