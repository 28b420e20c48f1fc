"""What is too large or too late, at a registry of small limits."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.e2e.conftest import running
from tests.e2e.uploads.wire import DEMO, FORM, noise, on_disk
from tests.support.backstage import Backstage
from tests.support.forms import AForm, Answer, FilePart, ask, basic, post
from tests.support.servers.finding import Source
from tests.support.servers.redis import RedisServer
from tests.support.wheelyard import Wheelyard, start_distributed

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


@pytest.fixture(scope="module")
def strict(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config, redis_source: Source
) -> Iterator[Wheelyard]:
    """A registry of small limits, whose processes are apart; its project is demo/first."""
    folder = tmp_path_factory.mktemp("strict")
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(redis_source))
        settings = {
            "WHEELYARD_DATABASE_URL": f"sqlite:///{folder}/wheelyard.db",
            "WHEELYARD_BLOBS_DIRECTORY": str(folder / "d" / "blobs"),
            "WHEELYARD_SPOOL_DIRECTORY": str(folder / "d" / "spool"),
            "WHEELYARD_BROKER_URL": redis.url,
            "WHEELYARD_CACHE_URL": redis.url,
            "WHEELYARD_MAX_FILE_SIZE": "1MiB",
            "WHEELYARD_MAX_FORM_SIZE": "64KiB",
            "WHEELYARD_MAX_FORM_FIELDS": "50",
            "WHEELYARD_VERDICT_SECONDS": "1",
            "WHEELYARD_SWEEP_SECONDS": "1",
        }
        (folder / "d" / "spool").mkdir(parents=True)
        yield running(start_distributed(folder, settings), pytestconfig, stack)


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "undeclared"])
@pytest.mark.parametrize("counted", [True, False], ids=["while counting", "by its length"])
def test_a_file_too_large_is_refused(
    counted: bool,
    declared: bool,
    strict: Wheelyard,
) -> None:
    before = on_disk(strict)
    form = AForm.of(DEMO.with_member("noise.bin", noise(3 << 20)).wheel())
    body = (form if declared else form.without("sha256_digest")).body()
    pieces = (body[start : start + 65_536] for start in range(0, len(body), 65_536))

    answer = post(strict.upload_url, pieces if counted else body, strict.token)

    assert answer.status == 413
    assert "larger than 1048576 bytes" in answer.reason
    assert on_disk(strict) <= before


def test_a_file_just_below_the_limit_is_taken(strict: Wheelyard) -> None:
    padding = (1 << 20) - len(
        DEMO.named("limit").with_member("n.bin", noise(1 << 19)).wheel().content
    )
    wheel = DEMO.named("limit").with_member("n.bin", noise((1 << 19) + padding - 200)).wheel()
    assert (1 << 20) - 300 < wheel.size <= 1 << 20

    assert post(strict.upload_url, AForm.of(wheel), strict.token).status in {201, 202}


def test_a_file_that_the_spool_has_no_room_for_is_refused_for_the_moment(
    wheelyard: Wheelyard, url: str, token: str
) -> None:
    form = AForm.of(DEMO.named("spooled").with_member("noise.bin", noise(2 << 20)).wheel())
    undeclared = form.without("sha256_digest")
    spool = wheelyard.folder / "d" / "spool"
    spool.rename(spool.with_name("elsewhere"))
    try:
        answer = post(url, undeclared, token)
    finally:
        spool.with_name("elsewhere").rename(spool)

    assert answer.status == 503
    assert answer.headers["retry-after"]
    assert str(spool) not in answer.body.decode()
    assert post(url, undeclared, token).status == 201


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (FORM.with_field("description", "x" * 70_000), "65536 bytes"),
        (FORM.with_field_behind("description", "x" * 70_000), "65536 bytes"),
        (AForm(FORM.before * 10, FORM.files), "more than 50 fields"),
        (FORM.with_file(FilePart("x.asc", b"x" * 70_000, name="gpg_signature")), "65536 bytes"),
    ],
    ids=["a field", "a field behind", "fields", "a signature"],
)
def test_a_form_too_large_is_refused(form: AForm, words: str, strict: Wheelyard) -> None:
    before = on_disk(strict)

    answer = post(strict.upload_url, form, strict.token)

    assert answer.status == 413
    assert words in answer.reason
    assert on_disk(strict) <= before


@pytest.mark.parametrize("counted", [True, False], ids=["while counting", "by its length"])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"name=" + b"x" * (512 << 10), "65536 bytes"),
        (b"&".join(b"a=1" for _ in range(51)), "more than 50 fields"),
    ],
    ids=["bytes", "fields"],
)
def test_a_form_without_files_is_not_read_beyond_the_limits(
    counted: bool, body: bytes, words: str, strict: Wheelyard
) -> None:
    pieces = (body[start : start + 65_536] for start in range(0, len(body), 65_536))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = post(strict.upload_url, pieces if counted else body, strict.token, headers)

    assert answer.status == 413
    assert words in answer.reason


def test_a_late_verdict_is_answered_later_and_told_at_its_address(strict: Wheelyard) -> None:
    wheel, bad = DEMO.named("late").wheel(), DEMO.named("bad").without("RECORD").wheel()
    credentials = basic("__token__", strict.token)
    strict.processes["worker"].stop()
    try:
        answers = [post(strict.upload_url, AForm.of(built), strict.token) for built in (wheel, bad)]
        waiting = ask("GET", where(strict, answers[0]), headers=credentials)
        hidden = ask("GET", where(strict, answers[0]))
        same = post(strict.upload_url, AForm.of(wheel), strict.token)
    finally:
        strict.processes["worker"].start()

    def status(answer: Answer) -> object:
        return ask("GET", where(strict, answer), headers=credentials).json["status"]

    Backstage.until(lambda: status(answers[0]) == "published", "it is published", 30)
    Backstage.until(lambda: status(answers[1]) == "rejected", "it is rejected", 30)
    rejected = ask("GET", where(strict, answers[1]), headers=credentials)
    assert [answer.status for answer in (*answers, same)] == [202, 202, 202]
    assert (waiting.status, hidden.status) == (200, 401)
    assert waiting.json["status"] in {"received", "verifying"}
    assert (waiting.json["filename"], waiting.json["errors"]) == (wheel.filename, [])
    assert set(waiting.json) == {"id", "status", "filename", "errors", "created_at", "updated_at"}
    assert "RECORD" in str(rejected.json["errors"])
    assert post(strict.upload_url, AForm.of(wheel), strict.token).status == 200


def where(wheelyard: Wheelyard, answer: Answer) -> str:
    location = answer.headers["location"]
    assert re.fullmatch(
        rf"/api/v4/projects/{wheelyard.project_id}/packages/pypi/uploads/[0-9a-f-]{{36}}", location
    )
    return wheelyard.url + location
