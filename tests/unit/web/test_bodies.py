"""A body that does not come as announced is a refusal, and no bug."""

import io
import socket
from collections.abc import Iterable
from typing import Any

import pytest
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkSize, NoMoreData

from wheelyard_core.domain.errors import Broken
from wheelyard_web.bodies import Body, with_sound_body


class Breaking:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, _size: int) -> bytes:
        raise self._error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InvalidChunkSize(b"zz"), "not in chunks"),
        (ChunkMissingTerminator(b"-"), "not in chunks"),
        (NoMoreData(b""), "broke in the middle"),
        (ConnectionResetError("reset"), "broke in the middle"),
        (ValueError("closed"), "broke in the middle"),
    ],
)
def test_a_body_that_breaks_is_broken(error: Exception, words: str) -> None:
    with pytest.raises(Broken, match=words):
        Body(Breaking(error)).read(9)


def test_a_sound_body_is_read_as_it_is() -> None:
    body = Body(io.BytesIO(b"abc"))

    assert [body.read(2), body.read(), body.read()] == [b"ab", b"c", b""]


@pytest.mark.parametrize(
    ("announced", "waits_for_ever"),
    [
        ({}, True),
        ({"CONTENT_LENGTH": ""}, True),
        ({"CONTENT_LENGTH": "0"}, True),
        ({"CONTENT_LENGTH": "3"}, False),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, False),
    ],
)
def test_a_body_is_waited_for_with_an_end_and_read_to_its_own(
    announced: dict[str, str], waits_for_ever: bool
) -> None:
    timeouts = []

    def refuse(environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        timeouts.append(environ["gunicorn.socket"].gettimeout())
        return [b"no"]

    ours, theirs = socket.socketpair()
    with ours, theirs:
        sent = io.BytesIO(b"abc")
        environ = {"wsgi.input": sent, "gunicorn.socket": ours, **announced}
        answer = with_sound_body(refuse)(environ, None)
        assert list(answer) == [b"no"]
        assert sent.tell() == 0
        getattr(answer, "close", lambda: None)()

        assert (timeouts == [None]) is waits_for_ever
        assert (sent.tell() == 0) is waits_for_ever
        assert ours.gettimeout() is None
