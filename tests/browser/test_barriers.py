"""axe finds nothing that would keep somebody out, in light and in dark, on a desk and a phone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from tests.browser.conftest import MILLISECONDS, sign_in
from tests.browser.story import Story

pytestmark = [pytest.mark.browser, pytest.mark.e2e, pytest.mark.integration]


@pytest.fixture(params=["light, wide", "dark, narrow"])
def seen(request: pytest.FixtureRequest, browser: Browser, story: Story) -> Iterator[Page]:
    """A page in one of the ways in which people see it; what differs between them is colour."""
    is_dark = request.param.startswith("dark")
    context = browser.new_context(
        base_url=story.wheelyard.url,
        color_scheme="dark" if is_dark else "light",
        viewport={"width": 390 if is_dark else 1280, "height": 800},
    )
    context.set_default_timeout(MILLISECONDS)
    yield context.new_page()
    context.close()


def test_no_page_has_a_barrier(seen: Page, story: Story) -> None:
    found = barriers(seen, f"/{story.tools.path}")
    sign_in(seen, story)
    for path in (
        *("/", "/acme", f"/{story.tools.path}", f"/{story.empty.path}", "/no/such"),
        *(story.package, f"{story.package}/2.1.0", story.hostile),
        *(story.uploads, story.shared, f"/{story.empty.path}/-/uploads"),
    ):
        found += barriers(seen, path)

    assert found == []


def barriers(page: Page, path: str) -> list[str]:
    """Return what axe finds on a page with everything opened, one line for each element."""
    page.goto(path)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    results = Axe().run(page)
    return [
        f"{path}: {one['id']} ({one['impact']}): {node['html']}"
        for one in results.response["violations"]
        for node in one["nodes"]
    ]
