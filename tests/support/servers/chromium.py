"""Where a browser comes from. Playwright's own builds are not needed: it drives Debian's."""

from pathlib import Path

from tests.support.servers.finding import Machine, Program, Source, Way, find


def find_chromium(machine: Machine) -> Path:
    """Return the path of a Chromium, or raise Missing."""
    names = ("chromium", "chromium-browser", "google-chrome")
    ways: list[Way[Source]] = [machine.program(name) for name in names]
    found = find("Chromium", ways)
    assert isinstance(found, Program)
    return found.path
