"""What a person does: signs in, looks for a package, reads about it, copies a line and installs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import sign_in
from tests.browser.story import Story

pytestmark = [pytest.mark.browser, pytest.mark.e2e, pytest.mark.integration]


def test_a_person_signs_in_and_finds_a_package(page: Page, story: Story) -> None:
    page.goto(f"/{story.tools.path}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_label("Token").fill("wyp_wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not known")

    page.get_by_label("Token").fill(story.secret)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{story.wheelyard.url}/{story.tools.path}")
    expect(page.get_by_role("banner")).to_contain_text("ada")

    page.get_by_label("Filter packages by name").fill("ledg")
    page.keyboard.press("Enter")
    rows = page.get_by_role("table").get_by_role("rowheader")
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Ledger").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ledger 2.1.1")
    expect(page.get_by_text("Every event is booked")).to_be_visible()

    page.get_by_role("link", name="2.1.0", exact=True).click()
    expect(page.get_by_text("This release is yanked.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("banner")).not_to_contain_text("ada")
    page.goto(f"/{story.tools.path}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_person_goes_from_a_group_to_a_project_and_reads_what_to_type(
    page: Page, story: Story
) -> None:
    sign_in(page, story)
    page.get_by_role("link", name="acme/tools").click()
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="acme").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Acme")
    page.get_by_role("link", name="Platform").click()
    page.get_by_role("link", name="acme/platform/fresh").click()

    expect(page.get_by_role("heading", name="No packages yet")).to_be_visible()
    expect(page.get_by_text("twine upload --repository yard dist/*")).to_be_visible()


@pytest.mark.parametrize("title", ["pip", "uv", "requirements.txt, with digests"])
def test_a_copied_line_installs_the_package(
    title: str, page: Page, story: Story, tmp_path: Path
) -> None:
    sign_in(page, story)
    page.goto(story.package)
    section = page.get_by_role("region", name="Install")

    # A click takes all of it, as it would be copied.
    code = section.get_by_role("figure", name=title, exact=True).first.locator("code")
    code.click()
    copied = code.inner_text()

    environment = {**os.environ, "WHEELYARD_TOKEN": story.secret}  # noqa: TID251  as a person's shell
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    environment["HOME"] = str(tmp_path)
    if title.startswith("requirements"):
        (tmp_path / "requirements.txt").write_text(copied)
        copied = f"pip install -r {tmp_path}/requirements.txt"
    done = subprocess.run(
        ["bash", "-c", f"{copied} --target {tmp_path}/there --no-cache-dir --quiet"],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (copied, done.stderr)
    assert (tmp_path / "there" / "Ledger-2.1.1.dist-info").exists()


def test_everything_can_be_reached_with_the_keyboard(page: Page, story: Story) -> None:
    sign_in(page, story)
    page.goto(story.package)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Readme")).to_be_focused()
    outline = page.get_by_role("link", name="Readme").evaluate(
        "element => getComputedStyle(element).outlineStyle + getComputedStyle(element).outlineWidth"
    )
    assert outline == "solid2px"

    digests = page.get_by_text("SHA-256").first
    expect(digests).to_be_hidden()
    page.locator("details.digests summary").first.focus()
    page.keyboard.press("Enter")
    expect(digests).to_be_visible()


def test_no_page_is_wider_than_its_window(page: Page, story: Story) -> None:
    sign_in(page, story)
    for width in (1280, 768, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        places = ("/", "/acme", f"/{story.tools.path}", story.package, story.shared, story.uploads)
        for path in (*places, "/_/sign-in", "/no/such"):
            page.goto(path)
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, (width, path, wide)
