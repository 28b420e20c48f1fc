"""What somebody wrote about a package runs nothing and loads nothing on its page."""

import pytest
from bs4 import BeautifulSoup
from tests.integration.people.visiting import Visitor, publish
from tests.support.distributions import ADistribution
from tests.support.in_process import Yard
from tests.support.seed import SeededProject

pytestmark = [pytest.mark.integration, pytest.mark.own_registry]

SCRIPT = "<script>alert(1)</script>"
BREAKING = f"\"'><img src=x onerror=alert(1)>{SCRIPT}</textarea></title>{{{{ 7919*7907 }}}}"


@pytest.fixture(scope="module")
def database_kind() -> str:
    """One database is enough: what is stored comes out as it went in."""
    return "sqlite"


def loads_or_runs(soup: BeautifulSoup) -> list[str]:
    """Return what a page would run, load from elsewhere, or send elsewhere."""
    forbidden = ("script", "iframe", "object", "embed", "img", "style", "base", "svg *[onload]")
    found = [str(tag) for tag in soup.select(", ".join(forbidden))]
    for tag in soup.select("*"):
        for name, value in tag.attrs.items():
            text = str(value).strip().lower()
            if name.startswith("on") or name in {"style", "srcdoc", "formaction", "ping"}:
                found.append(str(tag))
            if name in {"href", "src", "action"} and text.startswith(("javascript:", "data:")):
                found.append(str(tag))
    return found


def test_every_field_is_shown_as_it_is_written(
    yard: Yard, anonymous: Visitor, open_project: SeededProject, publisher: str
) -> None:
    hostile = (
        ADistribution(fields=())
        .with_field("Summary", BREAKING)
        .with_field("Author", BREAKING)
        .with_field("License", BREAKING)
        .with_field("Keywords", BREAKING)
        .with_field("Home-page", "javascript:alert(1)")
        .with_field("Project-URL", "Run, javascript:alert(1)")
        .with_field("Project-URL", "Run too,  JaVaScRiPt:alert(1)")
        .with_field("Project-URL", "Data, data:text/html,<script>alert(1)</script>")
        .with_field("Project-URL", f"{SCRIPT}, https://ok.example/?a=1&b=\"'")
        .with_field("Description-Content-Type", "text/plain")
        .described(BREAKING)
    )
    publish(yard, open_project.id, publisher, hostile.wheel())

    for path in (f"/{open_project.path}", f"/{open_project.path}/packages/demo"):
        page = anonymous.look(path)
        assert loads_or_runs(page.soup) == []
        assert BREAKING[:60] in page.text
        # The product, which no time of day, size or digit of a name has.
        assert "62615533" not in page.text

    page = anonymous.look(f"/{open_project.path}/packages/demo")
    assert "javascript:alert(1)" in page.text
    assert page.link(SCRIPT) == "https://ok.example/?a=1&b=\"'"


MARKDOWN = """
# A <script>alert(1)</script> title

<script>alert(1)</script><style>body{display:none}</style><iframe src="https://evil.example">
<img src=x onerror=alert(1)> <svg onload=alert(1)><a xlink:href="javascript:alert(1)">x</a></svg>
<a href="javascript:alert(1)">one</a> [two](javascript:alert(1)) [three](data:text/html,x)
<form action="https://evil.example"><input name=token></form> <base href="https://evil.example">
![tracker](https://evil.example/pixel.png) [![badge](https://evil.example/b.svg)](https://ok.example)
<b id="main" class="card" style="position:fixed" onclick="alert(1)">bold</b> [four](/_/sign-out)
<p class="skip">over the page</p> <a href="//evil.example">five</a>

```html
<script>alert(1)</script>
```
"""
RST = """
Title
=====

.. image:: https://evil.example/pixel.png
   :alt: tracker

`one <javascript:alert(1)>`__ and `two <data:text/html,x>`__

.. code-block:: html

   <script>alert(1)</script>
"""


@pytest.mark.parametrize(
    ("kind", "readme"), [("text/markdown", MARKDOWN), ("text/x-rst", RST)], ids=["md", "rst"]
)
def test_a_readme_brings_nothing_with_it(
    kind: str, readme: str, yard: Yard, anonymous: Visitor, open_project: SeededProject
) -> None:
    built = ADistribution().with_field("Description-Content-Type", kind).described(readme).wheel()
    publish(yard, open_project.id, yard.seed.developer_token(open_project), built)

    page = anonymous.look(f"/{open_project.path}/packages/demo")

    assert loads_or_runs(page.soup) == []
    (shown,) = page.soup.select(".readme")
    assert shown.find("h1") is None
    # A picture is a link to it, and nobody has it loaded.
    assert {str(link["href"]) for link in shown.select("a[href]")} <= {
        "https://evil.example/pixel.png",
        "https://ok.example",
    }
    assert "tracker" in shown.get_text()
    assert all(str(tag["id"]).startswith("user-content-") for tag in shown.select("[id]"))
    assert not shown.select(".card, .skip, form, input")
    assert all(not link.get_text().isspace() for link in shown.select("a"))


@pytest.mark.parametrize(
    ("kind", "readme"),
    [("text/x-rst", ".. include:: /etc/passwd"), ("text/x-rst", ".. raw:: html\n\n   <script>"),
     ("text/x-rst", "Title\n==\n\n.. nonsense::"), (None, "no type, `unfinished"),
     ("text/plain", "# <b>plain</b>"), ("text/markdown", "*long*" + "x" * 600_000)],
    ids=["include", "raw", "broken", "untyped", "plain", "long"],
)  # fmt: skip
def test_what_cannot_be_rendered_is_shown_as_it_is(
    kind: str | None, readme: str, yard: Yard, anonymous: Visitor, open_project: SeededProject
) -> None:
    built = ADistribution().described(readme)
    if kind is not None:
        built = built.with_field("Description-Content-Type", kind)
    publish(yard, open_project.id, yard.seed.developer_token(open_project), built.wheel())

    page = anonymous.look(f"/{open_project.path}/packages/demo")

    assert loads_or_runs(page.soup) == []
    (plain,) = page.soup.select("pre.readme-plain")
    assert plain.get_text().strip() == readme
    assert "root:" not in page.text


def test_every_page_tells_browsers_what_they_may_do(
    anonymous: Visitor, reader: Visitor, project: SeededProject, open_project: SeededProject
) -> None:
    paths = [(anonymous, "/", 200), (anonymous, f"/{project.path}", 401), (reader, "/no", 404),
             (anonymous, f"/{open_project.path}", 200), (anonymous, "/_/sign-in", 200)]  # fmt: skip
    for visitor, path, status in paths:
        headers = visitor.look(path, status).answer.headers
        policy = dict(
            rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";")
        )
        assert policy == {
            "default-src": "'none'",
            "style-src": "'self'",
            "img-src": "'self'",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Frame-Options"] == "DENY"


def test_the_style_sheet_is_kept_for_ever_under_a_name_of_its_content(anonymous: Visitor) -> None:
    (sheet,) = anonymous.look("/").soup.select("link[rel=stylesheet]")

    answer = anonymous.browser.get(str(sheet["href"]), headers={"Accept-Encoding": "gzip"})

    assert answer.status_code == 200
    assert answer.content_type == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert anonymous.browser.get("/_/assets/wheelyard.0000000000000000.css").status_code == 404
    assert anonymous.browser.get("/_/assets/..%2Fviews.py").status_code == 404
