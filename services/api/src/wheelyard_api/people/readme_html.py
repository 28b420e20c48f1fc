"""From a README to HTML that is safe on our pages. Runs as a program of its own (readme.py).

What comes out may not run anything, may not load anything from elsewhere, and may not look like a
part of the page: images become links to them, ids and classes become the README's own, headings go
below those of the page.
"""

import json
import re
import resource
import sys
from html import escape
from html.parser import HTMLParser
from typing import Final

import nh3
from readme_renderer import markdown, rst
from readme_renderer.clean import ALLOWED_TAGS

CPU_SECONDS: Final = 4
_MEMORY: Final = 512 << 20
_PREFIX: Final = "user-content-"
_TAGS: Final = ALLOWED_TAGS - {"img", "picture", "input"}
_ATTRIBUTES: Final = {
    "*": {"id"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "aside": {"class"},
    "div": {"class", "tabindex"},
    "ol": {"start"},
    "p": {"class"},
    "pre": {"tabindex"},
    "span": {"class"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align"},
}
# Pygments' short names, and the boxes of both formats.
_CLASSES: Final = re.compile(r"[a-z][a-z0-9]{0,2}|readme-(?:image|scroll|title|note|warning)")
_WARNINGS: Final = frozenset({"warning", "caution", "danger", "error", "attention", "important"})
# A page has one h1, and "Readme" is an h2.
_DEEPER: Final = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6"}


def to_html(text: str, content_type: str | None) -> str | None:
    """Return the README as HTML, or None when it is to be shown as it is."""
    kind, _, parameters = (content_type or "").partition(";")
    kind = kind.strip().lower()
    if kind == "text/plain":
        return None
    if kind == "text/markdown":
        variant = "CommonMark" if "commonmark" in parameters.lower() else "GFM"
        rendered = markdown.render(text, variant=variant)
    else:
        # The default of the specification; what is no reStructuredText is shown as it is.
        rendered = rst.render(text)
    return None if rendered is None else _ours(rendered)


def _ours(rendered: str) -> str:
    rewriter = _Rewriter()
    rewriter.feed(rendered)
    rewriter.close()
    return nh3.clean(
        "".join(rewriter.pieces),
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_filtered,
        link_rel="nofollow noopener noreferrer",
        url_schemes={"http", "https", "mailto"},
    )


def _filtered(_tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return " ".join(word for word in value.split() if _CLASSES.fullmatch(word)) or None
    if name == "tabindex":
        return "0"
    return value


class _Rewriter(HTMLParser):
    """Rewrites sanitised HTML; what it makes is sanitised again."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.pieces: list[str] = []
        self._in_link = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            self._image(given)
            return
        if tag == "input":
            self.pieces.append("☑ " if "checked" in given else "☐ ")
            return
        if tag == "table":
            # What may be wider than the page can be scrolled with the keyboard, too.
            self.pieces.append('<div class="readme-scroll" tabindex="0">')
        if tag == "pre":
            given["tabindex"] = "0"
        self._in_link = self._in_link or tag == "a"
        self.pieces.append(_opened(_DEEPER.get(tag, tag), _rewritten(tag, given)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._in_link = False
            if self.pieces and self.pieces[-1].startswith("<a"):
                # Both formats give headings a link to themselves that has no words.
                self.pieces.pop()
                return
        self.pieces.append(f"</{_DEEPER.get(tag, tag)}>")
        if tag == "table":
            self.pieces.append("</div>")

    def handle_data(self, data: str) -> None:
        self.pieces.append(escape(data, quote=False))

    def handle_entityref(self, name: str) -> None:
        self.pieces.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.pieces.append(f"&#{name};")

    def _image(self, given: dict[str, str]) -> None:
        source, words = given.get("src", ""), given.get("alt") or "Image"
        shown = escape(words)
        if source.startswith(("https://", "http://")) and not self._in_link:
            shown = f'<a href="{escape(source)}">{shown}</a>'
        self.pieces.append(f'<span class="readme-image">{shown}</span>')


def _rewritten(tag: str, given: dict[str, str]) -> dict[str, str]:
    if "id" in given:
        given["id"] = _PREFIX + given["id"].removeprefix(_PREFIX)
    if tag == "a" and "href" in given:
        target = given["href"]
        if target.startswith("#"):
            given["href"] = f"#{_PREFIX}{target[1:].removeprefix(_PREFIX)}"
        elif not target.startswith(("http://", "https://", "mailto:")):
            # It would be relative to this page, where there is nothing of the project's.
            del given["href"]
    words = given.get("class", "").split()
    if tag == "aside" and "admonition" in words:
        given["class"] = "readme-warning" if _WARNINGS & set(words) else "readme-note"
    elif tag == "p" and "admonition-title" in words:
        given["class"] = "readme-title"
    return given


def _opened(tag: str, given: dict[str, str]) -> str:
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in given.items())
    return f"<{tag}{attributes}>"


def main() -> None:
    """Read a README and its type from standard input, and write HTML or null."""
    # Somebody else wrote it: it may be made to take for ever.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    text, content_type = json.load(sys.stdin)
    json.dump(to_html(text, content_type), sys.stdout)


if __name__ == "__main__":
    main()
