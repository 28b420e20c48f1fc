"""Files over the indexer's real servers: large ones, many connections, clients that leave."""

import http.client
import random
import socket
import struct
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support import processes
from tests.support.distributions import ADistribution
from tests.support.serving import ONE, Served, Stage
from tests.support.wheelyard import events_of

from wheelyard_indexer.sending import PIECE

# More than a socket takes at once, and smaller than what the test client leaves in an open file.
LARGE = (
    ADistribution()
    .named("large", "1.0")
    .with_payload(random.Random(1).randbytes(PIECE + PIECE // 2))
    .wheel()
)
SIZE = len(LARGE.content)


@pytest.fixture
def published(stage: Stage) -> Stage:
    assert stage.yard.publish(stage.project.id, LARGE, stage.secret).status_code == 201
    return stage


def path_of(stage: Stage) -> str:
    return f"{stage.index}/files/{LARGE.sha256}/{LARGE.filename}"


def test_a_remembered_file_is_sent_to_the_byte(published: Stage) -> None:
    served, path = published.serve(WHEELYARD_LOG_LEVEL="info"), path_of(published)
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    spans = [(0, SIZE), (7, SIZE), (5, PIECE + 9), (SIZE - 3, SIZE)] * 3

    # On one connection: one byte too many or too few would spoil the answer after it.
    for start, stop in spans:
        asked = {"PRIVATE-TOKEN": published.secret, "Range": f"bytes={start}-{stop - 1}"}
        connection.request("GET", path, headers=asked)
        answer = connection.getresponse()
        assert answer.read() == LARGE.content[start:stop]
        assert (answer.status, answer.headers["Content-Length"]) == (206, str(stop - start))
    connection.close()

    # An answer is told of when it is closed, and by then another thread may have told of the next.
    lengths = sorted(stop - start for start, stop in spans)
    wait_until(lambda: sorted(told_bytes(served)) == lengths)


def told_bytes(served: Served) -> list[int]:
    """Return how many bytes each answer of a file had, by the log."""
    events = events_of(served.process.log)
    return [event["bytes"] for event in events if "/files/" in event.get("route", "")]


def wait_until(happened: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_clients_that_leave_hold_no_file_open(published: Stage) -> None:
    served, path = published.serve(), path_of(published)
    served.ask("GET", path, published.secret)
    lines = f"GET {path} HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: {published.secret}\r\n\r\n"

    for _ in range(20):
        with socket.create_connection(("127.0.0.1", served.port), 10) as leaving:
            leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            leaving.sendall(lines.encode())
            leaving.recv(1000)

    wait_until(lambda: open_blobs(served) == 0)
    assert served.ask("GET", path, published.secret).body == LARGE.content


def open_blobs(served: Served) -> int:
    """Return how many descriptors of the server's processes are blobs."""
    found = 0
    for pid in processes.family(served.process.pid):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            # One that is closed meanwhile is not counted.
            with suppress(OSError):
                found += "/blobs/" in str(link.readlink())
    return found


def test_more_connections_than_threads_are_all_answered(published: Stage) -> None:
    served = published.serve(WHEELYARD_THREADS="2")
    path = f"{published.index}/files/{ONE.sha256}/{ONE.filename}"

    def ask(count: int) -> list[int]:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        statuses = []
        for number in range(count):
            connection.request("GET", path, headers={"PRIVATE-TOKEN": published.secret})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
            # By turns so short that a thread stays with the connection, and so long that it leaves.
            time.sleep(0.02 * (number % 2))
        connection.close()
        return statuses

    with ThreadPoolExecutor(12) as clients:
        answers = list(clients.map(ask, [25] * 12))

    assert answers == [[200] * 25] * 12
