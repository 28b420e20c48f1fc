"""Takes the pictures in docs/screenshots: `python -m tests.browser.pictures`."""

import os
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from tests.browser.conftest import sign_in
from tests.browser.story import Story
from tests.support.backstage import Backstage
from tests.support.servers.chromium import find_chromium
from tests.support.servers.finding import Machine
from tests.support.wheelyard import start_embedded

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screenshots"
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}


def take(story: Story, chromium: Path) -> None:
    """Take each page once wide and light, once narrow and dark."""
    pages = {
        "projects": "/",
        "project": f"/{story.tools.path}",
        "package": story.package,
        "group": f"/{story.group.path}",
        "shared-name": story.shared,
        "uploads": story.uploads,
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                base_url=story.wheelyard.url,
                viewport={"width": width, "height": height},
                color_scheme="light" if size == "wide" else "dark",
            )
            page = context.new_page()
            page.goto(f"/{story.tools.path}")
            page.screenshot(path=FOLDER / f"sign-in-{size}.png")
            sign_in(page, story)
            for name, path in pages.items():
                page.goto(path)
                page.screenshot(path=FOLDER / f"{name}-{size}.png")
        browser.close()


def main() -> None:
    machine = Machine(dict(os.environ), ROOT)  # noqa: TID251  this is the entry point
    chromium = find_chromium(machine)
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        wheelyard = start_embedded(Path(folder))
        try:
            with Backstage(wheelyard) as behind:
                take(Story.told(wheelyard, behind), chromium)
        finally:
            wheelyard.stop()


if __name__ == "__main__":
    main()
