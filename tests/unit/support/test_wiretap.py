"""The wiretap changes nothing and hears everything."""

import http.client
from collections.abc import Iterator

import pytest
from tests.support.recorder import Handler, Recorder, hangs_up
from tests.support.wiretap import Wiretap


def behave(handler: Handler) -> None:
    if "Transfer-Encoding" in handler.headers:
        while handler.rfile.readline() not in {b"0\r\n", b""}:
            pass
        handler.rfile.readline()
    handler.read_body()
    handler.reply(299, "Well said", b"answer", {"X-Asked": handler.path})


@pytest.fixture
def tap() -> Iterator[Wiretap]:
    with Recorder(behave) as recorder, Wiretap(recorder.address) as tap:
        yield tap


def test_an_answer_comes_through_untouched(tap: Wiretap) -> None:
    connection = http.client.HTTPConnection(tap.host, timeout=5)

    connection.request("POST", "/a?b=c", b"body", {"Range": "bytes=-5"})

    answer = connection.getresponse()
    assert (answer.status, answer.reason, answer.read()) == (299, "Well said", b"answer")
    connection.close()
    (heard,) = tap.exchanges
    assert (heard.method, heard.target, heard.path) == ("POST", "/a?b=c", "/a")
    assert heard.headers["range"] == "bytes=-5"
    assert (heard.status, heard.size, heard.answered["x-asked"]) == (299, 6, "/a?b=c")


def test_every_request_of_a_kept_connection_is_heard(tap: Wiretap) -> None:
    connection = http.client.HTTPConnection(tap.host, timeout=5)

    for method, body in (("HEAD", None), ("PUT", iter([b"in ", b"chunks"])), ("GET", None)):
        connection.request(method, f"/{method}", body, encode_chunked=method == "PUT")
        connection.getresponse().read()

    connection.close()
    assert [(each.method, each.path, each.size) for each in tap.exchanges] == [
        ("HEAD", "/HEAD", 0),
        ("PUT", "/PUT", 6),
        ("GET", "/GET", 6),
    ]


def test_what_is_never_answered_is_no_exchange() -> None:
    with Recorder(hangs_up) as recorder, Wiretap(recorder.address) as tap:
        connection = http.client.HTTPConnection(tap.host, timeout=5)
        connection.request("GET", "/never")

        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()

        connection.close()
        assert tap.exchanges == []
