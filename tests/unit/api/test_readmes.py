"""READMEs are rendered by a process that is not waited for, and remembered up to a bound."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from wheelyard_api.people import readme as module
from wheelyard_api.people.readme import SECONDS, Readmes
from wheelyard_api.people.readme_html import CPU_SECONDS, to_html


def test_what_takes_too_long_is_not_waited_for() -> None:
    assert Readmes(seconds=0.05).html("# Title", "text/markdown") is None


ENDLESS = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 2))\nwhile True: pass"


def test_what_counts_is_the_processors_time_and_not_how_busy_the_machine_is() -> None:
    assert SECONDS >= 10 * CPU_SECONDS


def test_what_takes_too_much_of_the_processor_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readmes = Readmes()
    monkeypatch.setattr(module, "_AGAIN_SECONDS", 0)
    monkeypatch.setattr(module, "_COMMAND", (sys.executable, "-c", ENDLESS))
    assert readmes.html("# Title", "text/markdown") is None

    # Whatever asks again would get an answer now.
    monkeypatch.setattr(module, "_COMMAND", ("echo", '"again"'))
    assert readmes.html("# Title", "text/markdown") is None


def test_a_link_of_a_readme_gets_no_word_for_it_and_no_hold_of_our_page() -> None:
    shown = to_html("[there](https://elsewhere.example/)", "text/markdown")

    assert shown is not None
    assert 'rel="nofollow noopener noreferrer"' in shown


def test_a_readme_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    readmes = Readmes()
    first = readmes.html("# Title", "text/markdown")
    # Whatever would render it again fails now.
    monkeypatch.setattr(module, "_COMMAND", ("/nonexistent",))

    assert first is not None
    assert readmes.html("# Title", "text/markdown") == first
    assert readmes.html("# Title", "text/x-rst") is None


def test_no_more_is_remembered_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    readmes = Readmes(kept=2500)
    for number in range(3):
        assert readmes.html(f"{number}" + "x" * 1000, "text/markdown") is not None
    monkeypatch.setattr(module, "_COMMAND", ("/nonexistent",))

    assert readmes.html("2" + "x" * 1000, "text/markdown") is not None
    assert readmes.html("0" + "x" * 1000, "text/markdown") is None


def test_many_at_once_are_all_rendered() -> None:
    readmes = Readmes(seconds=30)
    with ThreadPoolExecutor(6) as pool:
        shown = list(pool.map(lambda n: readmes.html(f"# {n}", "text/markdown"), range(6)))

    assert all(f">{number}" in str(html) for number, html in enumerate(shown))


@pytest.mark.parametrize("text", ["", " ", "\ud800", "\0", "<", "&", "&#0;", "<!--", "<a", "a\fb"])
@pytest.mark.parametrize("kind", ["text/markdown", "text/x-rst", "text/plain", "", None, "UNKNOWN"])
def test_odd_text_is_rendered_or_left_as_it_is(text: str, kind: str | None) -> None:
    shown = Readmes().html(text, kind) if text == "\ud800" else to_html(text, kind)

    assert shown is None or "<!--" not in shown
