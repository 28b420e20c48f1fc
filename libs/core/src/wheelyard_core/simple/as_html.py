"""Simple pages as HTML: PEP 503, with PEP 592, 629, 658, 714, 740 and 792, frozen by PEP 833.

One `<a>` on a line and double quotes everywhere, because people and programs scrape this with
less than a parser; line feeds inside values become character references for the same reason.
"""

import re
from html import escape

from packaging.utils import canonicalize_name

from wheelyard_core.simple.page import PackagePage, PageFile, ProjectStatus, RootPage

# PEP 833 freezes the HTML form at this version; JSON may go on.
REPOSITORY_VERSION = "1.4"

# What a parser would change, though `html.escape` lets it through: it turns a carriage return into
# a line feed and NUL into U+FFFD.
_REFERENCES = str.maketrans({"\n": "&#10;", "\r": "&#13;", "\0": "\N{REPLACEMENT CHARACTER}"})
_REFERRED = re.compile(r"[\n\r\0]")


def package_as_html(page: PackagePage) -> bytes:
    """Return a package's page."""
    return _document(
        f"Links for {page.name}",
        meta=_status(page.status),
        lines=[_file(file) for file in page.files],
        serial=page.serial,
    )


def root_as_html(page: RootPage) -> bytes:
    """Return the list of packages; each link leads to the normalized name, sparing a redirect."""
    base = f"{page.address}/" if page.address else ""
    lines = [
        f'<a href="{_text(base + canonicalize_name(name))}/">{_text(name)}</a><br>\n'
        for name in page.names
    ]
    return _document("Simple index", meta="", lines=lines, serial=page.serial)


def _document(title: str, *, meta: str, lines: list[str], serial: int) -> bytes:
    document = (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n'
        "<head>\n"
        '<meta charset="utf-8">\n'
        f'<meta name="pypi:repository-version" content="{REPOSITORY_VERSION}">\n'
        f"{meta}"
        f"<title>{_text(title)}</title>\n"
        "</head>\n"
        "<body>\n"
        f"<h1>{_text(title)}</h1>\n"
        f"{''.join(lines)}"
        "</body>\n"
        "</html>\n"
        # Where PyPI writes it; with it, a new serial is a new ETag in both representations.
        f"<!--SERIAL {serial}-->\n"
    )
    return document.encode("utf-8", "replace")


def _status(status: ProjectStatus) -> str:
    meta = f'<meta name="pypi:project-status" content="{_text(status.status)}">\n'
    if status.reason:
        meta += f'<meta name="pypi:project-status-reason" content="{_text(status.reason)}">\n'
    return meta


def _file(file: PageFile) -> str:
    # Digests are hexadecimal by the domain's parser, so they need no escaping; text does.
    attributes = ""
    if file.requires_python:
        attributes += f' data-requires-python="{_text(file.requires_python)}"'
    if file.metadata_sha256:
        digest = f'"sha256={file.metadata_sha256}"'
        # The second name is PEP 658's: pip before 23.2 knows no other (PEP 714).
        attributes += f" data-core-metadata={digest} data-dist-info-metadata={digest}"
    if file.yanked:
        # Never empty: an empty attribute reads as "not yanked" where its truth is asked for.
        attributes += f' data-yanked="{_text(file.yanked.reason or "yanked")}"'
    if file.provenance:
        attributes += f' data-provenance="{_text(file.provenance)}"'
    return (
        f'<a href="{_text(file.url)}#sha256={file.sha256}"{attributes}>'
        f"{_text(file.filename)}</a><br>\n"
    )


def _text(value: str) -> str:
    escaped = escape(value)
    return escaped.translate(_REFERENCES) if _REFERRED.search(escaped) else escaped
