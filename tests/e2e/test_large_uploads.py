"""A file of a gibibyte passes through without being held in memory."""

import base64
import hashlib
import random
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.e2e.conftest import running
from tests.support import processes
from tests.support.backstage import Backstage
from tests.support.distributions import ADistribution, Built, record_row, zip_info
from tests.support.forms import AForm, ask, basic, post, streamed
from tests.support.wheelyard import Wheelyard, start_embedded

pytestmark = [pytest.mark.e2e, pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]

_PIECE = 1 << 20
_WEB_MEMORY = 200 << 20
_WORKER_MEMORY = 150 << 20
_MINUTES = 180.0


@pytest.fixture
def fresh(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Wheelyard]:
    """A registry that has done nothing else, so that its memory is this upload's."""
    with ExitStack() as stack:
        yield running(start_embedded(tmp_path_factory.mktemp("large")), pytestconfig, stack)


@pytest.mark.parametrize(("megabytes", "declared"), [(1024, True), (256, False)])
def test_a_large_upload_leaves_memory_flat(
    megabytes: int,
    declared: bool,
    fresh: Wheelyard,
    tmp_path: Path,
) -> None:
    wheel, file = large_wheel(tmp_path, megabytes)
    form = AForm.of(wheel)
    form = form.saying(sha256_digest=digest_of(file)) if declared else form.without("sha256_digest")

    answer = post(fresh.upload_url, streamed(form, pieces_of(file)), fresh.token)

    if answer.status == 202:
        credentials = basic("__token__", fresh.token)
        where = fresh.url + answer.headers["location"]
        Backstage.until(
            lambda: ask("GET", where, headers=credentials).json["status"] == "published",
            "it is published",
            _MINUTES,
        )
    else:
        assert answer.status == 201, answer.reason
    assert peaks(fresh, "web") < _WEB_MEMORY
    assert peaks(fresh, "worker") < _WORKER_MEMORY


def peaks(wheelyard: Wheelyard, name: str) -> int:
    """Return the most memory that any process of a service ever had."""
    family = processes.family(wheelyard.processes["wheelyard"].pid)
    found = [processes.peak_memory(pid) for pid in family if processes.name(pid) == name]
    assert found
    return max(found)


def large_wheel(folder: Path, megabytes: int) -> tuple[Built, Path]:
    """Return a wheel with one member of that size, and the file that it is in."""
    demo, member = ADistribution().named("large"), "large.bin"
    noise = random.Random(3).randbytes(_PIECE)
    digest = hashlib.sha256()
    file = folder / demo.wheel().filename
    with zipfile.ZipFile(file, "w") as archive:
        with archive.open(zip_info(member, zipfile.ZIP_STORED), "w") as content:
            for _ in range(megabytes):
                digest.update(noise)
                content.write(noise)
        encoded = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
        *members, _ = demo.wheel_members()
        rows = [record_row(*small) for small in members]
        rows += [f"{member},sha256={encoded},{megabytes * _PIECE}\n"]
        rows += [f"{demo.dist_info_folder}/RECORD,,\n"]
        for path, small in [*members, (f"{demo.dist_info_folder}/RECORD", "".join(rows).encode())]:
            archive.writestr(zip_info(path), small)
    return demo.wheel().holding(b""), file


def pieces_of(file: Path) -> Iterator[bytes]:
    with file.open("rb") as content:
        while piece := content.read(_PIECE):
            yield piece


def digest_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
