"""The upload's form on the wire: what is taken, what is refused and in which words."""

import random
import re
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from tests.e2e.conftest import running
from tests.support.backstage import Backstage
from tests.support.distributions import ADistribution
from tests.support.forms import (
    AForm,
    Answer,
    FilePart,
    ask,
    basic,
    form_headers,
    post,
)
from tests.support.seed import SeededProject
from tests.support.servers.finding import Source
from tests.support.servers.redis import RedisServer
from tests.support.wheelyard import Wheelyard, start_distributed

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

DEMO = ADistribution()
WHEEL = DEMO.wheel()
FORM = AForm.of(WHEEL)
OTHER = DEMO.with_payload(b"other = 1\n").wheel()


@pytest.fixture(scope="module")
def wheelyard(embedded: Wheelyard) -> Wheelyard:
    return embedded


@pytest.fixture
def url(wheelyard: Wheelyard, project: SeededProject) -> str:
    return f"{wheelyard.url}/api/v4/projects/{project.id}/packages/pypi"


@pytest.fixture
def upload(url: str, token: str) -> Callable[[AForm], Answer]:
    return lambda form: post(url, form, token)


def on_disk(wheelyard: Wheelyard) -> set[Path]:
    """Return every file of the blob store and of the spool, unfinished ones included."""
    data = wheelyard.folder / "d"
    return {
        file for name in ("blobs", "spool") for file in (data / name).rglob("*") if file.is_file()
    }


ACCEPTED = {
    "what twine sends": FORM,
    "every field behind the file": FORM.reversed(),
    "name and version behind the file": FORM.without("name", "version")
    .with_field_behind("version", "1.0")
    .with_field_behind("name", "demo"),
    "the digest behind the file": FORM.without("sha256_digest").with_field_behind(
        "sha256_digest", WHEEL.sha256
    ),
    "no digest": FORM.without("sha256_digest"),
    "only what is needed": AForm((("name", "demo"), ("version", "1.0")), FORM.files),
    "no action": FORM.without(":action"),
    "an empty action": FORM.saying(**{":action": ""}),
    "no protocol version": FORM.without("protocol_version"),
    "no file type": FORM.without("filetype"),
    "no python version": FORM.without("pyversion"),
    "a file part without a type": FORM.untyped(),
    "empty strings": FORM.with_field("md5_digest", "").with_field("blake2_256_digest", ""),
    "a digest in capitals": FORM.saying(sha256_digest=WHEEL.sha256.upper()),
    "unknown fields": FORM.with_field("favourite_colour", "blue"),
    "attestations of nothing": FORM.with_field("attestations", "[]"),
    "a signature": FORM.with_file(FilePart("demo.asc", b"-----", name="gpg_signature")),
    "a field twice with one value": FORM.with_field("name", "demo"),
    "classifiers many times": FORM.with_field("classifiers", "A").with_field("classifiers", "B"),
    "fields that disagree with the file": FORM.saying(metadata_version="1.0")
    .with_field("summary", "another one")
    .with_field("requires_python", "no specifier at all"),
    "another spelling of the name": FORM.saying(name="DeMo"),
    "another spelling of the version": FORM.saying(version="v1.0.0"),
}


@pytest.mark.parametrize("form", ACCEPTED.values(), ids=ACCEPTED)
def test_a_form_is_accepted(form: AForm, upload: Callable[[AForm], Answer]) -> None:
    answer = upload(form)

    assert (answer.status, answer.json) == (201, {"message": "201 Created"})


NAMES = ["demo", "d", "De.mo_x", "0demo9", "a" * 200]
VERSIONS = {
    "1.0": "1.0",
    "v1.0": "1.0",
    "1!2.0": "1!2.0",
    "1.0-alpha": "1.0a0",
    "1.0_rc.1": "1.0rc1",
    "1.0-1": "1.0.post1",
    "1.0.post2": "1.0.post2",
    "1.0.dev3": "1.0.dev3",
    "1.0+ubuntu.1": "1.0+ubuntu.1",
    "1.0.RC1": "1.0rc1",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_accepted(name: str, upload: Callable[[AForm], Answer]) -> None:
    assert upload(AForm.of(DEMO.named(name).wheel())).status == 201


@pytest.mark.parametrize(("written", "normalized"), VERSIONS.items(), ids=VERSIONS)
def test_a_version_is_accepted(
    written: str, normalized: str, upload: Callable[[AForm], Answer]
) -> None:
    wheel = DEMO.versioned(normalized).wheel()

    answer = upload(AForm.of(wheel).saying(version=written))

    assert answer.status == 201, answer.reason


def test_a_version_spelled_otherwise_in_the_metadata_is_shown_normalized(
    url: str, token: str, upload: Callable[[AForm], Answer]
) -> None:
    metadata = "Metadata-Version: 2.1\nName: demo\nVersion: v1.0-alpha\n"
    wheel = DEMO.versioned("1.0a0").with_metadata(metadata).wheel()

    assert upload(AForm.of(wheel)).status == 201

    accept = {"Accept": "application/vnd.pypi.simple.v1+json", **basic("__token__", token)}
    assert ask("GET", f"{url}/simple/demo/", headers=accept).json["versions"] == ["1.0a0"]


def saying_action(action: str) -> AForm:
    return FORM.saying(**{":action": action})


def sdist_named(filename: str) -> AForm:
    return AForm.of(DEMO.sdist()).named(filename)


_NOT = "0" * 64
# The form, the status, and what the sentence has to say.
REFUSED: dict[str, tuple[AForm, int, str]] = {
    "no name": (FORM.without("name"), 400, "field name is missing"),
    "an empty name": (FORM.saying(name=""), 400, "field name is missing"),
    "no version": (FORM.without("version"), 400, "field version is missing"),
    "an empty version": (FORM.saying(version=""), 400, "field version is missing"),
    "no file": (FORM.fileless(), 400, "part named content"),
    "no fields": (AForm((), FORM.files), 400, "field name is missing"),
    "a file as a field": (FORM.fileless().with_field("content", "x"), 400, "must be a file"),
    "an empty file": (AForm.of(WHEEL.holding(b"")), 400, "empty"),
    "two files": (FORM.with_file(FORM.files[0]), 400, "two parts named content"),
    "two names": (FORM.with_field("name", "other"), 400, "name is sent twice"),
    "two versions": (FORM.with_field("version", "2.0"), 400, "version is sent twice"),
    "two file types": (FORM.with_field("filetype", "sdist"), 400, "filetype is sent twice"),
    "two digests": (FORM.with_field("sha256_digest", _NOT), 400, "sha256_digest is sent twice"),
    "another name behind": (FORM.with_field_behind("name", "other"), 400, "name is sent twice"),
    "another version behind": (FORM.with_field_behind("version", "2"), 400, "version is sent"),
    "another digest behind": (FORM.with_field_behind("sha256_digest", _NOT), 400, "sent twice"),
    "a wrong file type": (FORM.saying(filetype="sdist"), 400, "filetype is sdist, but"),
    "a wrong type behind": (
        FORM.without("filetype").with_field_behind("filetype", "sdist"),
        400,
        "filetype is sdist, but",
    ),
    "an unknown file type": (FORM.saying(filetype="bdist_egg"), 400, "sdist or bdist_wheel"),
    "a wrong sha256": (FORM.saying(sha256_digest=_NOT), 400, "sha256"),
    "a wrong md5": (FORM.with_field("md5_digest", "0" * 32), 400, "md5"),
    "a wrong blake2": (FORM.with_field("blake2_256_digest", _NOT), 400, "blake2"),
    "a wrong md5 behind": (FORM.with_field_behind("md5_digest", "0" * 32), 400, "md5"),
    "a wrong sha256 behind": (FORM.reversed().with_field("sha256_digest", _NOT), 400, "sha256"),
    "a sha256 too short": (FORM.saying(sha256_digest="0" * 63), 400, "sha256"),
    "a sha256 of letters": (FORM.saying(sha256_digest="z" * 64), 400, "sha256"),
    "a sha256 with a line feed": (FORM.saying(sha256_digest=f"{WHEEL.sha256}\n"), 400, "sha256"),
    "an md5 too long": (FORM.with_field("md5_digest", _NOT), 400, "md5"),
    "the action of register": (saying_action("submit"), 410, "is gone"),
    "the action of register behind": (
        FORM.without(":action").with_field_behind(":action", "submit"),
        410,
        "is gone",
    ),
    "an unknown action": (saying_action("dance"), 400, ":action must be file_upload"),
    "protocol version 2": (FORM.saying(protocol_version="2"), 400, "protocol_version must be 1"),
    "protocol version 2 behind": (
        FORM.without("protocol_version").with_field_behind("protocol_version", "2"),
        400,
        "protocol_version must be 1",
    ),
    "two actions": (FORM.with_field_behind(":action", "submit"), 400, ":action is sent twice"),
    # File names.
    "another name's file": (FORM.named("evil-1.0-py3-none-any.whl"), 400, "does not belong to"),
    "another version's file": (FORM.named("demo-2.0-py3-none-any.whl"), 400, "does not belong to"),
    "another name's sdist": (sdist_named("evil-1.0.tar.gz"), 400, "does not belong to demo 1.0"),
    "another version's sdist": (sdist_named("demo-1.1.tar.gz"), 400, "does not belong to demo"),
    "a zip": (sdist_named("demo-1.0.zip"), 400, "ends neither in"),
    "an egg": (FORM.named("demo-1.0-py3.11.egg"), 400, "ends neither in"),
    "a bzip2 sdist": (sdist_named("demo-1.0.tar.bz2"), 400, "ends neither in"),
    "no suffix": (FORM.named("demo"), 400, "ends neither in"),
    "no file name": (FORM.named(""), 400, "file"),
    "a suffix in capitals": (FORM.named("demo-1.0-py3-none-any.WHL"), 400, "ends neither in"),
    "too few parts": (FORM.named("demo-1.0-py3-none.whl"), 400, "wheel specification"),
    "a path": (FORM.named("../demo-1.0-py3-none-any.whl"), 400, "characters"),
    "a folder": (FORM.named("a/demo-1.0-py3-none-any.whl"), 400, "characters"),
    "a backslash": (FORM.named("a\\\\demo-1.0-py3-none-any.whl"), 400, "characters"),
    "a space": (FORM.named("demo-1.0-py3-none-any .whl"), 400, "characters"),
    "an accent": (FORM.named("démo-1.0-py3-none-any.whl"), 400, "characters"),
    "a very long name": (FORM.named(f"demo-1.0-{'p' * 300}-none-any.whl"), 400, "longer than 255"),
}  # fmt: skip
_NAMES = ("-demo", "demo-", "_demo", "de mo", "demo\n", " demo", "démo", "../demo", "x" * 300)
_ARABIC = "\u0661.\u0660"
_VERSIONS = (
    " 1.0",
    "1.0 ",
    "1.0\n",
    "\n1.0",
    "1.0\t",
    "1..0",
    "1.0+",
    "1.0-",
    "latest",
    "1/2",
    _ARABIC,
)
REFUSED |= {f"the name {n!a:.40}": (FORM.saying(name=n), 400, "name") for n in _NAMES}
REFUSED |= {f"the version {v!a}": (FORM.saying(version=v), 400, "version") for v in _VERSIONS}


@pytest.mark.parametrize(("form", "status", "words"), REFUSED.values(), ids=REFUSED)
def test_a_form_is_refused_in_words_and_leaves_nothing(  # noqa: PLR0917  three are fixtures
    form: AForm,
    status: int,
    words: str,
    upload: Callable[[AForm], Answer],
    wheelyard: Wheelyard,
    backstage: Backstage,
    project: SeededProject,
) -> None:
    before = on_disk(wheelyard)

    answer = upload(form)

    assert answer.status == status, answer.reason
    assert words in answer.reason
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["code"] == f"{status} {answer.reason}"
    assert str(answer.json["message"]).startswith(f"{status} ")
    assert words in str(answer.json["message"])
    assert backstage.filenames(project.id) == []
    assert backstage.uploads(project.id) == []
    assert on_disk(wheelyard) <= before


def test_fields_are_checked_when_the_file_has_only_begun(url: str, token: str) -> None:
    parts = urlsplit(url)
    bad = FORM.saying(version="1..0").body()
    begin = bad[: bad.index(b"PK")] + bytes(64 << 10)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(head_of(url, token, 1 << 30) + begin)

        answered = connection.recv(4096)

    assert answered.startswith(b"HTTP/1.1 400 The version '1..0' is not valid")


def test_a_form_of_another_type_is_refused(url: str, token: str) -> None:
    answer = post(url, FORM, token, {"Content-Type": "application/json"})

    assert (answer.status, answer.headers["content-type"]) == (400, "application/json")
    assert "multipart/form-data" in answer.reason


def test_a_form_without_an_end_is_refused(url: str, token: str) -> None:
    answer = post(url, FORM.body()[:-20], token)

    assert answer.status == 400
    assert "ended in its middle" in answer.reason


@pytest.mark.parametrize(
    ("action", "status", "words"),
    [("submit", 410, "is gone"), ("dance", 400, "must be file_upload"), ("", 400, "multipart")],
)
def test_a_form_without_files_is_told_what_its_action_deserves(
    action: str, status: int, words: str, url: str, token: str
) -> None:
    form = urlencode({":action": action, "name": "demo"}).encode()

    answer = post(url, form, token, {"Content-Type": "application/x-www-form-urlencoded"})

    assert answer.status == status
    assert words in answer.reason


@pytest.mark.parametrize("action", ["file_upload", "submit"])
def test_the_action_may_be_in_the_query(action: str, url: str, token: str) -> None:
    answer = post(f"{url}?:action={action}", FORM.without(":action"), token)

    assert answer.status == {"file_upload": 201, "submit": 410}[action]


@pytest.mark.parametrize("pieces", [1, 7, 1 << 20], ids=lambda n: f"pieces of {n}")
@pytest.mark.parametrize("form", [FORM, FORM.reversed()], ids=["fields first", "file first"])
def test_a_chunked_body_is_accepted(pieces: int, form: AForm, url: str, token: str) -> None:
    body = form.body()
    chunks = (body[start : start + pieces] for start in range(0, len(body), pieces))

    assert post(url, chunks, token).status == 201


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("address", ["number", "encoded path", "path", "alias"])
def test_every_address_takes_uploads(
    address: str, slash: str, wheelyard: Wheelyard, project: SeededProject, token: str
) -> None:
    path = {
        "number": f"/api/v4/projects/{project.id}/packages/pypi",
        "encoded path": f"/api/v4/projects/{project.path.replace('/', '%2F')}/packages/pypi",
        "path": f"/api/v4/projects/{project.path.upper()}/packages/pypi",
        "alias": f"/{project.path}/legacy",
    }[address]

    assert post(f"{wheelyard.url}{path}{slash}", FORM, token).status == 201


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_the_upload_address_takes_posts_only(method: str, url: str, token: str) -> None:
    answer = ask(method, url, headers=basic("__token__", token))

    assert answer.status == 405
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/html, */*;q=0.8"])
def test_a_refusal_is_json_unless_a_page_is_asked_for(
    accept: str | None, url: str, token: str
) -> None:
    headers = {"Accept": accept} if accept else {}

    answer = post(url, FORM.without("name"), token, headers)

    page = accept is not None and accept.startswith("text/html")
    assert answer.headers["content-type"] == (
        "text/html; charset=utf-8" if page else "application/json"
    )
    assert answer.reason == "The field name is missing"


def test_identical_bytes_again_are_a_success(upload: Callable[[AForm], Answer]) -> None:
    assert upload(FORM).status == 201

    again = [upload(form) for form in (FORM, FORM.reversed(), FORM.without("sha256_digest"))]

    assert [(answer.status, answer.json) for answer in again] == [(200, {"message": "200 OK"})] * 3


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "undeclared"])
def test_other_bytes_under_a_taken_name_are_refused(
    declared: bool,  # noqa: FBT001  a parameter of the test
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
    declared: bool,  # noqa: FBT001  a parameter of the test
    abrupt: bool,  # noqa: FBT001  a parameter of the test
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


def test_a_refusal_in_many_words_fits_the_status_line(upload: Callable[[AForm], Answer]) -> None:
    wheel = DEMO
    for number in range(100):
        wheel = wheel.with_member(f"../evil-{number:03}.py")

    answer = upload(AForm.of(wheel.wheel()))

    assert answer.status == 400
    assert len(answer.reason) <= 600
    assert answer.reason.startswith(answer.problems[0][:100])
    assert len(answer.problems) > 20


def test_a_sentence_with_foreign_letters_reaches_the_client(
    upload: Callable[[AForm], Answer],
) -> None:
    answer = upload(AForm.of(DEMO.with_member("../数据\r\nX-Evil: 1").wheel()))

    assert answer.status == 400
    assert "x-evil" not in answer.headers
    assert "\\u" in str(answer.problems) or "数据" in str(answer.problems)


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
    counted: bool,  # noqa: FBT001  a parameter of the test
    declared: bool,  # noqa: FBT001  a parameter of the test
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


def head_of(url: str, token: str, length: int) -> bytes:
    """Return the head of a POST of *length* bytes."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in form_headers(token).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@cache
def noise(size: int) -> bytes:
    """Return bytes that do not compress, the same in every run."""
    return random.Random(7).randbytes(size)
