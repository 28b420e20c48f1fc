"""What single clients rely on when they install.

Each docstring names the rule that is held, and whose quirk it is for. The names of the tests, their
clients and their docstrings make a table of docs/CLIENTS.md.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.e2e.clients.desk import Desk
from tests.e2e.clients.environments import Environments
from tests.e2e.clients.installers import INSTALLERS, Installer
from tests.e2e.clients.matrix import Cell, every, of
from tests.support.clients import Finished
from tests.support.distributions import ADistribution

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

DEMO = ADistribution()


def install(
    desk: Desk, *arguments: str | Path, index: str = "", env: Mapping[str, str] | None = None
) -> Finished:
    """Have pip or uv install into the desk's site."""
    command = ("uv", "pip", "install") if desk.client == "uv" else ("pip", "install")
    where = ("--index-url", index or desk.index_url_with_credentials, "--target", desk.site)
    return desk.run(*command, *where, *arguments, env=env)


@of("pip-21", "pip")
def test_pip_downloads_exactly_what_was_published(desk: Desk) -> None:
    """A file comes whole and as it is, never with a Content-Encoding."""
    desk.has(DEMO)
    index = ("--index-url", desk.index_url_with_credentials)

    desk.run("pip", "download", *index, "--no-deps", "-d", "there", "demo").succeeded()

    (file,) = (desk.folder / "there").iterdir()
    assert hashlib.sha256(file.read_bytes()).hexdigest() == DEMO.wheel().sha256


@of("pip")
def test_pip_lists_the_versions_there_are(desk: Desk) -> None:
    """`pip index versions` has every installable version, and no yanked one."""
    desk.has(DEMO, DEMO.versioned("1.10"), DEMO.versioned("1.9"), DEMO.versioned("2.0"))
    desk.yank("demo", "2.0", "")

    index = ("--index-url", desk.index_url_with_credentials)
    told = desk.run("pip", "index", "versions", *index, "demo").succeeded()

    assert "Available versions: 1.10, 1.9, 1.0\n" in told.output


@of("pip-21", "pip-23", "pip", "uv")
def test_a_page_comes_in_the_form_that_a_client_prefers(desk: Desk) -> None:
    """pip 21 knows HTML only; pip 22.2 to 23.0 crash on a `dist-info-metadata` in JSON."""
    desk.has(DEMO)

    install(desk, "demo").succeeded()

    (page,) = desk.asked("GET", "/demo/")
    html, json = "text/html; charset=utf-8", "application/vnd.pypi.simple.v1+json"
    assert page.answered["content-type"] == (html if desk.client == "pip-21" else json)
    assert page.answered["vary"] == "Accept, Accept-Encoding"


@of("pip-23", "pip", "uv")
def test_a_page_of_every_kind_of_file_is_read_whole(desk: Desk) -> None:
    """No field of a file is ever null: uv drops a page with a null `yanked`, size or time."""
    desk.has(DEMO, DEMO.versioned("1.1").requiring_python(">=3.8"), DEMO.versioned("1.2"))
    desk.has_file(DEMO.of_metadata_version("2.1").sdist())
    desk.yank("demo", "1.2", "")

    install(desk, "demo>=1.1").succeeded()

    assert desk.installed("demo") == "1.1"


@of("pip-21", "pip", "uv")
def test_a_resolver_chooses_as_from_any_index(desk: Desk) -> None:
    """What packse's scenarios ask of an index: pre-releases, local versions, tags, extras."""
    pre, tagged = DEMO.named("pre"), DEMO.named("tagged")
    extra = DEMO.named("extra").with_field("Provides-Extra", "more")
    desk.has(
        pre,
        pre.versioned("2.0rc1"),
        DEMO.named("local", "1.0"),
        DEMO.named("local", "1.0+here"),
        tagged,
        tagged.versioned("2.0").tagged("cp27-cp27m-win32"),
        extra.requiring('pre>=2.0rc1; extra == "more"'),
    )

    install(desk, "local==1.0", "tagged", "extra[more]").succeeded()

    chosen = {name: desk.installed(name) for name in ("pre", "local", "tagged", "extra")}
    assert chosen == {"pre": "2.0rc1", "local": "1.0+here", "tagged": "1.0", "extra": "1.0"}


@every(INSTALLERS)
def test_epochs_and_local_versions_are_found(cell: Cell[Installer], desk: Desk) -> None:
    """`!` and `+` in an address are found raw and percent-encoded: pip and uv differ."""
    desk.has(DEMO.versioned("1!2.0+ubuntu.1"))

    cell.client.install(desk, "demo").succeeded()

    assert desk.installed("demo") == "1!2.0+ubuntu.1"


@of("pip-21", "pip", "uv")
def test_the_size_of_a_wheel_is_told_before_its_parts(desk: Desk) -> None:
    """HEAD is 200 with Content-Length and Accept-Ranges, never a redirect: `fast-deps` crashes."""
    wheel = DEMO.with_member("demo.bin", bytes(50_000)).wheel()
    desk.has_file(wheel)
    fast = () if desk.client == "uv" else ("--use-feature=fast-deps",)

    install(desk, *fast, f"demo @ {desk.file_url(wheel)}").succeeded()

    head = desk.asked("HEAD")[0]
    assert head.status == 200
    assert int(head.answered["content-length"]) == wheel.size
    assert head.answered["accept-ranges"] == "bytes"


@of("pip")
def test_an_sdist_is_resolved_by_its_metadata_file(desk: Desk) -> None:
    """Static metadata of an sdist is advertised, and pip resolves without the sdist."""
    desk.has_file(DEMO.sdist())

    install(desk, "--dry-run", "--no-build-isolation", "demo").succeeded()

    assert [each.status for each in desk.asked("GET", ".tar.gz.metadata")] == [200]
    assert desk.asked("GET", ".tar.gz") == []


@of("pip", "uv")
def test_a_page_that_did_not_change_is_not_sent_again(desk: Desk) -> None:
    """A strong ETag and no Last-Modified, or uv does not ask for ten minutes."""
    desk.has(DEMO)
    # pip keeps nothing of a plain HTTP server that it was not told to trust.
    keep = () if desk.client == "uv" else ("--cache-dir", "kept", "--trusted-host", "127.0.0.1")
    install(desk, *keep, "demo").succeeded()

    install(desk, *keep, "--upgrade", "demo").succeeded()

    first, again = desk.asked("GET", "/demo/")
    assert (first.status, again.status) == (200, 304)
    assert again.headers["if-none-match"] == first.answered["etag"]
    assert "last-modified" not in first.answered


@of("pip-21", "pip", "uv")
def test_credentials_come_from_netrc(desk: Desk) -> None:
    """They are looked for by host name, so files are on the host of their page."""
    desk.has(DEMO)
    netrc = desk.person.home / ".netrc"
    netrc.write_text(f"machine 127.0.0.1\nlogin {desk.username}\npassword {desk.secret}\n")
    netrc.chmod(0o600)

    install(desk, "demo", index=desk.index_url).succeeded()

    assert desk.installed("demo") == "1.0"


@of("pip", "uv")
def test_credentials_come_from_the_keyring(desk: Desk, environments: Environments) -> None:
    """keyring is asked for the address, then for the host, with the name in the address."""
    desk.has(DEMO)
    settings = desk.keep_in_keyring(environments.programs("keyring"), desk.tap.host)
    index = desk.index_url.replace("://", f"://{desk.username}@")

    install(desk, "--keyring-provider", "subprocess", "demo", index=index, env=settings).succeeded()

    assert desk.installed("demo") == "1.0"


@of("pip-21", "pip", "uv")
def test_hashes_of_a_constraints_file_are_true(desk: Desk) -> None:
    """The page's sha256 is the first and only hash: pip takes the first."""
    desk.has(DEMO)
    locked = f"demo==1.0 --hash=sha256:{DEMO.wheel().sha256}\n"
    (desk.folder / "requirements.txt").write_text(locked)
    (desk.folder / "constraints.txt").write_text(locked)

    files = ("-r", "requirements.txt", "-c", "constraints.txt")
    install(desk, "--require-hashes", *files).succeeded()

    assert desk.installed("demo") == "1.0"


@of("pip-21", "pip", "uv")
def test_a_hash_that_is_not_the_pages_is_refused(desk: Desk) -> None:
    """What is locked to other bytes than those published is not installed."""
    desk.has(DEMO)
    (desk.folder / "requirements.txt").write_text(f"demo==1.0 --hash=sha256:{'0' * 64}\n")

    install(desk, "--require-hashes", "-r", "requirements.txt").failed()

    assert desk.installed("demo") is None


@of("pip", "uv")
def test_a_cut_off_hides_what_was_published_later(desk: Desk) -> None:
    """`upload-time` is of the upload: `--uploaded-prior-to` of pip, `--exclude-newer` of uv."""
    desk.has(DEMO)
    then = datetime.now(UTC).isoformat()
    desk.has(DEMO.versioned("2.0"))
    option = "--exclude-newer" if desk.client == "uv" else "--uploaded-prior-to"

    install(desk, option, then, "demo").succeeded()

    assert desk.installed("demo") == "1.0"
