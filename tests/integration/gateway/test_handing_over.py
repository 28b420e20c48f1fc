"""What the gateway asks of the object store for the indexer, and what of all that a client sees."""

import pytest
from tests.integration.gateway.conftest import PYPI, Stages
from tests.support.recorder import Handler, Recorder

pytestmark = pytest.mark.integration

FILE = f"{PYPI}/files/00ff/demo-1.0.tar.gz"
SIGNED = "/bucket/key?X-Amz-Signature=abc"


def hands_over(handler: Handler) -> None:
    headers = {
        "X-Accel-Redirect": "@blob",
        "X-Wheelyard-Store": "store.example:9000",
        "X-Wheelyard-Blob": SIGNED,
        "X-Wheelyard-Range": "bytes=3-5",
        "ETag": '"ours"',
        "Cache-Control": "max-age=365000000, immutable, private",
    }
    handler.reply(200, "OK", b"", headers)


def gives_a_part(handler: Handler) -> None:
    theirs = {
        "ETag": '"theirs"',
        "Last-Modified": "Sat, 28 Nov 2026 10:00:00 GMT",
        "X-Amz-Request-Id": "1",
        "Content-Range": "bytes 3-5/9",
    }
    handler.reply(206, "Partial Content", b"def", theirs)


def test_the_store_hears_what_was_signed_and_nothing_of_the_client(start: Stages) -> None:
    with Recorder(gives_a_part) as store:
        stage = start(indexer=hands_over, store=store.address)
        answer = stage.ask(
            FILE,
            Authorization="Basic eDp5",
            PRIVATE_TOKEN="wyp_1",
            Cookie="session=1",
            Range="bytes=0-1",
            If_Range='"ours"',
            X_Sendfile_Type="no",
        )

    assert stage.indexer.received[0].headers["x-sendfile-type"] == "X-Accel-Redirect"
    [asked] = store.received
    assert (asked.method, asked.target) == ("GET", SIGNED)
    assert asked.headers == {"host": "store.example:9000", "range": "bytes=3-5"}
    assert (answer.status, answer.body) == (206, b"def")
    assert answer.headers["etag"] == '"ours"'
    assert answer.headers["content-range"] == "bytes 3-5/9"
    assert answer.headers["cache-control"].endswith("immutable, private")
    hidden = {"x-amz-request-id", "last-modified", "x-accel-redirect", "x-wheelyard-blob"}
    assert not hidden & answer.headers.keys()


@pytest.mark.parametrize("status", [400, 403, 404, 416, 429, 500, 503])
def test_what_the_store_refuses_is_an_outage_of_ours(start: Stages, status: int) -> None:
    def refuses(handler: Handler) -> None:
        handler.reply(status, "No", b"<Error>X-Amz-Signature</Error>")

    with Recorder(refuses) as store:
        answer = start(indexer=hands_over, store=store.address).ask(FILE)

    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert b"Amz" not in answer.body


def test_nobody_reaches_the_store_by_asking(start: Stages) -> None:
    with Recorder(gives_a_part) as store:
        stage = start(store=store.address)
        for target in ("/@blob", "/_/blob", "/%40blob"):
            stage.ask(target, X_Accel_Redirect="@blob", X_Wheelyard_Blob=SIGNED)

    assert store.received == []


def test_a_gateway_that_takes_nothing_over_says_nothing_of_it(start: Stages) -> None:
    stage = start()
    stage.ask(FILE, X_Sendfile_Type="X-Accel-Redirect")
    stage.ask(PYPI, X_Sendfile_Type="X-Accel-Redirect")

    for service in (stage.indexer, stage.api):
        assert "x-sendfile-type" not in service.received[0].headers
