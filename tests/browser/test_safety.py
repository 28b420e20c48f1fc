"""What a browser does with pages that somebody else has a hand in: nothing."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Dialog, Page, expect
from tests.browser.story import HOSTILE, Story

pytestmark = [pytest.mark.browser, pytest.mark.e2e, pytest.mark.integration]


class _Evil(BaseHTTPRequestHandler):
    """Another site: frames our pages, and sends our forms."""

    target = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(
            f"""<!doctype html><h1>Evil</h1><iframe src="{self.target}/"></iframe>
            <form method=post action="{self.target}/_/sign-out"><button>Win a prize</button></form>
            <form method=post action="{self.target}/_/sign-in">
            <input name=token value=wyp_evil><button>Win another</button></form>""".encode()
        )

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def evil(story: Story) -> Iterator[str]:
    """The address of another site: `localhost` is not 127.0.0.1 to a browser."""
    _Evil.target = story.wheelyard.url
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Evil)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


def test_nothing_that_somebody_wrote_runs_or_is_loaded(scripted: Page, story: Story) -> None:
    dialogs: list[str] = []
    asked: list[str] = []
    complaints: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    scripted.on("dialog", dismiss)
    scripted.on("request", lambda request: asked.append(request.url))
    scripted.on("console", lambda message: complaints.append(message.text))

    for path in (f"/{story.strange.path}", story.hostile):
        scripted.goto(path, wait_until="networkidle")
        expect(scripted.get_by_text(HOSTILE[:20]).first).to_be_visible()
    scripted.get_by_text("run", exact=True).click()

    assert dialogs == []
    assert {url for url in asked if not url.startswith(story.wheelyard.url)} == set()
    assert complaints == []


def test_a_script_on_a_page_would_not_run(scripted: Page, story: Story) -> None:
    """The policy is what holds when everything else has failed."""
    address = f"{story.wheelyard.url}/{story.tools.path}"
    added = "<script>document.title = 'ran'</script><img src='https://elsewhere.example/x.png'>"
    scripted.route(
        address,
        lambda route: route.fulfill(
            response=(answer := route.fetch()),
            body=answer.text().replace("</main>", f"{added}</main>"),
        ),
    )
    complaints: list[str] = []
    scripted.on("console", lambda message: complaints.append(message.text))

    scripted.goto(address, wait_until="networkidle")

    assert scripted.title() != "ran"
    assert sum("Content Security Policy" in text for text in complaints) == 2


def test_no_script_can_read_the_session(scripted: Page, story: Story) -> None:
    scripted.goto(f"/{story.tools.path}")

    assert scripted.evaluate("document.cookie") == ""
    (cookie,) = scripted.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")


def test_another_site_can_neither_frame_our_pages_nor_send_our_forms(
    scripted: Page, story: Story, evil: str
) -> None:
    for button in ("Win a prize", "Win another"):
        scripted.goto(evil)
        framed = scripted.frames[1]
        assert "Wheelyard" not in framed.content()
        scripted.get_by_role("button", name=button).click()
        expect(scripted.get_by_text("sent by another site")).to_be_visible()

    scripted.goto(f"/{story.tools.path}")
    expect(scripted.get_by_role("banner")).to_contain_text("ada")
