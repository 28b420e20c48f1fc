"""What is refused, in which words, and that nothing of it is left."""

import socket
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import pytest
from tests.e2e.uploads.wire import DEMO, FORM, WHEEL, on_disk
from tests.support.backstage import Backstage
from tests.support.forms import AForm, Answer, ask, basic, head_of, post
from tests.support.seed import SeededProject
from tests.support.wheelyard import Wheelyard

pytestmark = [pytest.mark.e2e, pytest.mark.integration]


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


def test_an_action_is_shown_as_far_as_it_can_be_read(url: str, token: str) -> None:
    answer = post(url, saying_action("x" * 100_000), token)

    assert answer.status == 400
    assert len(answer.body) < 500


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
    assert answer.reason.startswith("The field name is missing")


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
