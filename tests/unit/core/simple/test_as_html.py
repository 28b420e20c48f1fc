"""A simple page in HTML can be parsed, and scraped by what is less than a parser."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
from tests.unit.core.simple.samples import DIGEST, METADATA_DIGEST, a_file, a_page

from wheelyard_core.simple.as_html import package_as_html, root_as_html
from wheelyard_core.simple.page import PackagePage, PageFile, ProjectStatus, RootPage, Yanked
from wheelyard_core.simple.urls import simple_url

AWKWARD = [
    'a"b', "a'b", "a>b", "a<b", "</a>", "</a><script>", "<!--", "-->", "&", "&amp;", "&quot", "&lt",
    "&#34;", "a\nb", "a\rb", "a\r\nb", "a\tb", "a\x0cb", "=", "`", " a ", "\N{SNOWMAN}",
    "\N{NO-BREAK SPACE}", "\N{LINE SEPARATOR}", ">=3.9,<4", '"><a href="/evil">',
]  # fmt: skip


class Scraper(HTMLParser):
    """Collects anchors and metas in the way of pip's own parser."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.anchors: list[dict[str, str | None]] = []
        self.metas: dict[str, str | None] = {}
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a":
            self.anchors.append(found)
        if tag == "meta" and "name" in found:
            self.metas[str(found["name"])] = found["content"]

    def handle_data(self, data: str) -> None:
        self.text += data


def scraped(body: bytes) -> Scraper:
    scraper = Scraper()
    scraper.feed(body.decode())
    scraper.close()
    return scraper


def only_anchor(file: PageFile) -> dict[str, str | None]:
    (anchor,) = scraped(package_as_html(a_page(file))).anchors
    return anchor


def test_a_page_reads_as_written_here() -> None:
    file = a_file(
        requires_python=">=3.9,<4", metadata_sha256=METADATA_DIGEST, yanked=Yanked('a "bad" <one>')
    )
    page = a_page(file, status=ProjectStatus("archived", "R&D stopped"))

    assert package_as_html(page).decode() == (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n'
        "<head>\n"
        '<meta charset="utf-8">\n'
        '<meta name="pypi:repository-version" content="1.4">\n'
        '<meta name="pypi:project-status" content="archived">\n'
        '<meta name="pypi:project-status-reason" content="R&amp;D stopped">\n'
        "<title>Links for demo</title>\n"
        "</head>\n"
        "<body>\n"
        "<h1>Links for demo</h1>\n"
        f'<a href="/api/v4/projects/42/packages/pypi/files/{DIGEST}/demo-1.0-py3-none-any.whl'
        f'#sha256={DIGEST}" data-requires-python="&gt;=3.9,&lt;4"'
        f' data-core-metadata="sha256={METADATA_DIGEST}"'
        f' data-dist-info-metadata="sha256={METADATA_DIGEST}"'
        ' data-yanked="a &quot;bad&quot; &lt;one&gt;">demo-1.0-py3-none-any.whl</a><br>\n'
        "</body>\n"
        "</html>\n"
        "<!--SERIAL 7-->\n"
    )


def test_a_plain_file_has_nothing_but_its_address() -> None:
    assert list(only_anchor(a_file())) == ["href"]


def test_the_fragment_is_the_digest() -> None:
    href = only_anchor(a_file())["href"]

    assert href is not None
    assert href.partition("#")[2] == f"sha256={DIGEST}"


def test_a_yank_without_a_reason_is_not_an_empty_attribute() -> None:
    assert only_anchor(a_file(yanked=Yanked("")))["data-yanked"] == "yanked"


def test_provenance_is_linked_where_there_is_some() -> None:
    anchor = only_anchor(a_file(provenance="https://yard.example/p?a=1&b=2"))

    assert anchor["data-provenance"] == "https://yard.example/p?a=1&b=2"


def test_an_empty_requirement_is_left_out() -> None:
    assert "data-requires-python" not in only_anchor(a_file(requires_python=""))


def test_an_active_package_says_so_and_gives_no_reason() -> None:
    metas = scraped(package_as_html(a_page())).metas

    assert metas == {"pypi:repository-version": "1.4", "pypi:project-status": "active"}


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_comes_out_as_it_went_in(text: str) -> None:
    file = a_file(text, url=f"/{text}", requires_python=text, yanked=Yanked(text), provenance=text)
    page = a_page(file, status=ProjectStatus(text, text))

    found = scraped(package_as_html(page))

    assert found.anchors == [
        {
            "href": f"/{text}#sha256={DIGEST}",
            "data-requires-python": text,
            "data-yanked": text,
            "data-provenance": text,
        }
    ]
    assert text in found.text
    assert found.metas["pypi:project-status"] == text
    assert found.metas["pypi:project-status-reason"] == text


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_leaves_one_anchor_on_one_line(text: str) -> None:
    files = [a_file(text, requires_python=text, yanked=Yanked(text), url="/x")] * 3

    body = package_as_html(a_page(*files, name=text)).decode()

    lines = [line for line in body.split("\n") if "<a " in line]
    assert len(lines) == 3
    for line in lines:
        assert re.fullmatch(r'<a href="[^"<>]*"( [a-z-]+="[^"<>]*")*>[^<>]*</a><br>', line)
    assert "\r" not in body


def test_nul_becomes_what_a_parser_makes_of_it() -> None:
    assert (
        only_anchor(a_file(yanked=Yanked("a\0b")))["data-yanked"] == "a\N{REPLACEMENT CHARACTER}b"
    )


def test_half_a_surrogate_pair_does_not_spoil_the_page() -> None:
    assert only_anchor(a_file(yanked=Yanked("half \ud83d here")))["data-yanked"] == "half ? here"


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_root_leads_to_the_page_with_and_without_a_slash(slash: str) -> None:
    address = simple_url("/registry", "projects/42")
    root = RootPage(3, ("Zope.Interface",), address)

    (anchor,) = scraped(root_as_html(root)).anchors

    assert urljoin(f"https://yard.example{address}{slash}", anchor["href"]) == (
        "https://yard.example/registry/api/v4/projects/42/packages/pypi/simple/zope-interface/"
    )


def test_a_root_without_an_address_links_relatively() -> None:
    body = root_as_html(RootPage(3, ("Flask",)))

    assert b'\n<a href="flask/">Flask</a><br>\n' in body
    assert b"<!--SERIAL 3-->" in body


@pytest.mark.parametrize("text", AWKWARD)
def test_an_awkward_name_in_the_root_stays_one_anchor(text: str) -> None:
    found = scraped(root_as_html(RootPage(1, (text,), f"/{text}")))

    assert len(found.anchors) == 1
    assert text in found.text


def test_the_status_is_a_packages_not_the_roots() -> None:
    page = PackagePage("demo", 1, (), ())

    assert b"pypi:project-status" in package_as_html(page)
    assert b"pypi:project-status" not in root_as_html(RootPage(1, ()))
