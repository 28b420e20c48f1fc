"""What the pages' templates are given, and how an answer is made of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from flask import Response, g, render_template, request
from markupsafe import Markup

from wheelyard_api.people.addresses import Links
from wheelyard_api.people.assets import Assets
from wheelyard_api.people.readme import Readmes
from wheelyard_core.domain.catalogue import Project
from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.usecases import browse
from wheelyard_core.usecases.acting import Acting
from wheelyard_web.identity import registry
from wheelyard_web.parts import part

UPLOADS: Final = "Uploads"
_LONGEST_QUERY: Final = 200
_LAST_PAGE: Final = 10**9


@dataclass(frozen=True, slots=True)
class Crumb:
    """A place on the way to the page; without an address nobody can go there."""

    text: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Tab:
    """A part of a place that has a page of its own."""

    text: str
    address: str
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """Where the parts of a list before and after this one are."""

    back: str | None
    forth: str | None
    back_text: str = "Previous"
    forth_text: str = "Next"


@dataclass(frozen=True, slots=True)
class Shown:
    """A template and what it is given, gathered before the transaction ended."""

    template: str
    given: dict[str, object] = field(default_factory=dict)


def answer(shown: Shown, status: int = 200) -> Response:
    """Return a page."""
    links = links_here()
    names = part(Assets).names
    html = render_template(
        f"people/{shown.template}",
        links=links,
        style=links.asset(names["wheelyard.css"]),
        mark=links.asset(names["mark.svg"]),
        public_url=registry().settings.http.public_url,
        visitor=g.get("visitor"),
        maintenance=g.operation.notice if "operation" in g else None,
        here=here(),
        **{"crumbs": None, **shown.given},
    )
    return Response(html, status, content_type="text/html; charset=utf-8")


def here() -> str:
    """Return the path and query that were asked for, as an address has them."""
    asked = request.query_string.decode("ascii", "ignore")
    return f"{quote(request.path)}?{asked}" if asked else quote(request.path)


def links_here() -> Links:
    """Return what makes addresses."""
    return Links(registry().settings.http.base_path)


def readme(text: str, content_type: str | None) -> Markup | None:
    """Return a README as safe HTML, or None when it is to be shown as it is."""
    return part(Readmes).html(text, content_type)


def query(name: str) -> str | None:
    """Return a parameter of the address, if it is there. Raises InvalidInput."""
    text = request.args.get(name, "").strip()
    if len(text) > _LONGEST_QUERY:
        raise InvalidInput(f"{name} is longer than {_LONGEST_QUERY} characters")
    return text or None


def page_number() -> int:
    """Return which page of a list is asked for. Raises InvalidInput."""
    text = query("page") or "1"
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < _LAST_PAGE:
        raise InvalidInput("page must be a whole number from 1")
    return int(text)


def crumbs_to(path: str, links: Links, *, is_personal: bool = False) -> Iterator[Crumb]:
    """Yield the groups above a path and what is there; a personal namespace has no page."""
    parts = path.split("/")
    for at, name in enumerate(parts, 1):
        shown = at > 1 or not is_personal
        yield Crumb(name, links.place("/".join(parts[:at])) if shown else None)


def tabs_of(visitor: Acting, project: Project, here: str) -> list[Tab]:
    """Return the parts of a project that the visitor sees; the one called *here* is this one."""
    links = links_here()
    places = {"Packages": links.place(project.full_path)}
    if here == UPLOADS or browse.sees_uploads(visitor, project):
        places[UPLOADS] = links.uploads(project.full_path)
    return [Tab(text, address, is_here=text == here) for text, address in places.items()]
