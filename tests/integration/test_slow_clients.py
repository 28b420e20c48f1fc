"""A client that sends or takes hardly anything keeps no thread for longer than it is given."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from random import Random
from threading import Thread

import pytest
from tests.support.distributions import ADistribution
from tests.support.forms import BOUNDARY, AForm
from tests.support.in_process import environment
from tests.support.servers.redis import RedisServer
from tests.support.serving import Served, Stage, staged

pytestmark = pytest.mark.integration

FORM = AForm.of(ADistribution().named("slow", "1.0").wheel())
LENGTH = len(FORM.body())


@pytest.fixture
def stage(tmp_path: Path, sqlite_url: str, redis_server: RedisServer) -> Iterator[Stage]:
    settings = environment(tmp_path, sqlite_url, redis_server.url)
    with ExitStack() as stack:
        yield staged(stack, tmp_path, settings, "impatient gunicorn")


@pytest.fixture
def patient(tmp_path: Path, sqlite_url: str, redis_server: RedisServer) -> Iterator[Stage]:
    """A stage whose servers give everything but the upload as long as a busy machine may need."""
    settings = environment(tmp_path, sqlite_url, redis_server.url)
    with ExitStack() as stack:
        yield staged(stack, tmp_path, settings, "gunicorn")


def trickled(served: Served, begin: bytes, rest: bytes) -> tuple[float, bytes]:
    """Send *rest* after *begin*, byte by byte, and return after how long it ended, and by what."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection:
        connection.sendall(begin)
        Thread(target=trickle, args=(connection, rest), daemon=True).start()
        answer = b""
        while piece := received(connection):
            answer += piece
    return time.monotonic() - began, answer


def trickle(connection: socket.socket, rest: bytes) -> None:
    try:
        for byte in rest:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)
    except OSError:
        return


def received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1 << 16)
    except ConnectionResetError:
        # What was on its way when the server closed.
        return b""


def head(stage: Stage, length: int, kind: str, *more: str, path: str = "") -> bytes:
    lines = [
        f"POST {path or stage.index} HTTP/1.1",
        "Host: yard",
        f"Content-Type: {kind}",
        f"Content-Length: {length}",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def test_an_upload_ends_when_its_time_is_over(patient: Stage) -> None:
    served = patient.serve(WHEELYARD_UPLOAD_SECONDS="2")
    begin = head(patient, LENGTH, FORM_TYPE, f"PRIVATE-TOKEN: {patient.secret}")

    took, answer = trickled(served, begin, FORM.body())

    assert answer.startswith(b"HTTP/1.1 400 The upload took longer than 2 s")
    assert 2 <= took < 20


def test_an_upload_that_falls_silent_ends_long_before_its_time_is_over(stage: Stage) -> None:
    served = stage.serve(WHEELYARD_UPLOAD_SECONDS="900")
    begin = head(stage, LENGTH, FORM_TYPE, f"PRIVATE-TOKEN: {stage.secret}")

    took, answer = trickled(served, begin + FORM.body()[:-100], b"")

    assert answer.startswith(b"HTTP/1.1 400 The connection broke in the middle")
    assert took < 20


def test_a_body_and_a_head_end_when_their_time_is_over(stage: Stage) -> None:
    served = stage.serve()
    begin = head(stage, 500, "application/json", path="/_/oidc/mint-token")

    (of_body, answer) = trickled(served, begin, b'{"token": "' + bytes(489))
    (of_head, nothing) = trickled(served, b"GET / HTTP/1.1\r\n", b"Host: " + b"y" * 500)

    assert answer.startswith(b"HTTP/1.1 4")
    assert nothing == b""
    assert max(of_body, of_head) < 20


def test_the_rest_of_a_refused_upload_is_not_awaited_for_long(stage: Stage) -> None:
    served = stage.serve()

    took, answer = trickled(served, head(stage, LENGTH, FORM_TYPE), FORM.body())

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert took < 20


@pytest.mark.parametrize("known", [False, True], ids=["sent by us", "sent by the kernel"])
def test_who_takes_nothing_of_a_file_keeps_no_thread(stage: Stage, known: bool) -> None:
    # More than is kept on its way to somebody who does not take it.
    large = ADistribution().named("demo", "2.0").with_payload(Random(1).randbytes(24 << 20)).wheel()
    form = BytesIO(AForm.of(large).body())
    sent = stage.yard.ask(
        "POST", stage.index, stage.secret, input_stream=form, content_type=FORM_TYPE
    )
    assert sent.status_code == 201, sent.text
    served = stage.serve(WHEELYARD_THREADS="1")
    file = f"{stage.index}/files/{large.sha256}/{large.filename}"
    if known:
        for _ in range(3):
            assert served.ask("GET", file, stage.secret).body == large.content
    lines = [f"GET {file} HTTP/1.1", "Host: yard", f"PRIVATE-TOKEN: {stage.secret}"]

    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as idle:
        idle.sendall("\r\n".join([*lines, "", ""]).encode())
        assert idle.recv(15) == b"HTTP/1.1 200 OK"
        began = time.monotonic()
        other = served.ask("GET", stage.page, stage.secret)
        took = time.monotonic() - began

    assert other.status == 200
    assert took < 20


def test_who_keeps_an_ended_connection_open_keeps_nobody_out(stage: Stage) -> None:
    served = stage.serve()
    asked = b"GET / HTTP/1.1\r\nHost: yard\r\nConnection: close\r\n\r\n"

    with ExitStack() as stack:
        for _ in range(60):
            idle = socket.create_connection(("127.0.0.1", served.port), timeout=30)
            stack.enter_context(idle).sendall(asked)
        began = time.monotonic()
        other = served.ask("GET", stage.page, stage.secret)
        took = time.monotonic() - began

    assert other.status == 200
    # Two seconds for each, one after the other, would be two minutes.
    assert took < 15
