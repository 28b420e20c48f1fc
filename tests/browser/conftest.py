"""A real browser, a running registry, and a story in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.browser.story import Story
from tests.support.backstage import Backstage
from tests.support.servers.chromium import find_chromium
from tests.support.servers.finding import Machine, Missing
from tests.support.servers.report import without
from tests.support.wheelyard import start_embedded

# Far above what anything takes here: a page that does not come must not stop the run.
MILLISECONDS = 15_000


@pytest.fixture(scope="session")
def chromium(machine: Machine) -> Path:
    """The browser's program."""
    try:
        return find_chromium(machine)
    except Missing as missing:
        without(missing, required=machine.requires_all)


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        # Its own sandbox needs rights that a container's root has not; it opens our pages alone.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def story(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A registry with a story; `browser` first, so that nothing is started in vain."""
    assert browser.is_connected()
    wheelyard = start_embedded(tmp_path_factory.mktemp("browser"))
    try:
        with Backstage(wheelyard) as behind:
            yield Story.told(wheelyard, behind)
    finally:
        wheelyard.stop()


@pytest.fixture
def page(browser: Browser, story: Story) -> Iterator[Page]:
    """A page of somebody whose browser runs no scripts at all."""
    context = browser.new_context(base_url=story.wheelyard.url, java_script_enabled=False)
    context.set_default_timeout(MILLISECONDS)
    yield context.new_page()
    context.close()


@pytest.fixture
def scripted(browser: Browser, story: Story) -> Iterator[Page]:
    """A page that would run scripts, of somebody who is signed in."""
    context = browser.new_context(base_url=story.wheelyard.url)
    context.set_default_timeout(MILLISECONDS)
    page = context.new_page()
    sign_in(page, story)
    yield page
    context.close()


def sign_in(page: Page, story: Story) -> None:
    page.goto("/_/sign-in")
    page.get_by_label("Token").fill(story.secret)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
