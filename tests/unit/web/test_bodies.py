"""A body that does not come as announced is a refusal, and no bug."""

import io

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
    ("announced", "read_on"),
    [
        ({}, False),
        ({"CONTENT_LENGTH": ""}, False),
        ({"CONTENT_LENGTH": "0"}, False),
        ({"CONTENT_LENGTH": "3"}, True),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, True),
    ],
)
def test_what_is_left_of_a_body_is_read_behind_the_answer(
    announced: dict[str, str], read_on: bool
) -> None:
    sent = io.BytesIO(b"abc")
    environ = {"wsgi.input": sent, "gunicorn.socket": object(), **announced}

    answer = with_sound_body(lambda *_: [b"no"])(environ, None)
    assert list(answer) == [b"no"]
    assert sent.tell() == 0
    getattr(answer, "close", lambda: None)()

    assert sent.tell() == (3 if read_on else 0)
