"""From an address to what its page shows, gathered in one transaction."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

from wheelyard_api.people.packages import look_at_package
from wheelyard_api.people.shown import (
    UPLOADS,
    Shown,
    Turn,
    crumbs_to,
    links_here,
    page_number,
    query,
    tabs_of,
)
from wheelyard_api.people.snippets import Index
from wheelyard_core.domain.administration import (
    Group,
    Listed,
    ProjectDetails,
    ProjectFilter,
    Stretch,
)
from wheelyard_core.domain.browsing import Around
from wheelyard_core.domain.catalogue import Project
from wheelyard_core.usecases import browse, shared_names
from wheelyard_core.usecases.acting import Acting
from wheelyard_core.usecases.sweep import VERDICTS_KEPT
from wheelyard_web.identity import registry

T = TypeVar("T")
_LINES: Final = 50
_MOST_GROUPS: Final = 200


def look_home(visitor: Acting) -> Shown:
    """Return the projects that the visitor sees."""
    q, page = query("q"), page_number()
    found = browse.projects(visitor, ProjectFilter(search=q), _stretch(page))
    turn = _turn(found, page, lambda number: links_here().home(q=q, page=number))
    return Shown("home.html", {"found": found, "q": q, "turn": turn})


def look(visitor: Acting, path: str) -> Shown:
    """Return a group, a project, or a package of one. Raises the ladder's refusals."""
    place, reading = browse.visit(visitor, path)
    if isinstance(place, Group):
        return _group(visitor, place)
    details = visitor.uow.directory.details(place.id)
    if reading.package is None:
        return _project(visitor, place, details)
    return look_at_package(visitor, place, details, reading)


def _group(visitor: Acting, group: Group) -> Shown:
    links, page = links_here(), page_number()
    groups = browse.groups(visitor, group, replace(_stretch(1), limit=_MOST_GROUPS))
    projects = browse.projects(visitor, ProjectFilter(in_group=group.id), _stretch(page))
    turn = _turn(projects, page, lambda number: links.place(group.full_path, page=number))
    crumbs = [*crumbs_to(group.full_path, links)]
    return Shown(
        "group.html",
        {
            "group": group,
            "groups": groups,
            "found": projects,
            "turn": turn,
            "shared": shared_names.below_group(visitor, group),
            "crumbs": crumbs[:-1],
        },
    )


def _project(visitor: Acting, project: Project, details: ProjectDetails) -> Shown:
    links, q = links_here(), query("q")
    around = Around(_LINES, query("after"), query("before"))
    part = visitor.uow.browsing.packages(project.id, q, around)

    def turn_to(**where: str) -> str:
        return links.place(project.full_path, q=q, **where)

    back = part.items and part.earlier and turn_to(before=part.items[0].package.normalized)
    forth = part.items and part.later and turn_to(after=part.items[-1].package.normalized)
    is_personal = details.namespace.owner_id is not None
    crumbs = [*crumbs_to(project.full_path, links, is_personal=is_personal)]
    index = Index.of(project, registry().settings.http.public_url)
    return Shown(
        "project.html",
        {
            "project": details,
            "part": part,
            "q": q,
            "turn": Turn(back or None, forth or None),
            "crumbs": crumbs[:-1],
            "tabs": tabs_of(visitor, project, "Packages"),
            "index": index,
        },
    )


def look_at_uploads(visitor: Acting, path: str) -> Shown:
    """Return the uploads to a project that came to nothing yet. Raises the ladder's refusals."""
    links, page = links_here(), page_number()
    newest_first = replace(_stretch(page), order_by="updated_at", descending=True)
    project, found = browse.uploads(visitor, path, newest_first)
    details = visitor.uow.directory.details(project.id)
    is_personal = details.namespace.owner_id is not None
    turn = _turn(found, page, lambda number: links.uploads(project.full_path, page=number))
    return Shown(
        "uploads.html",
        {
            "project": details,
            "found": found,
            "turn": turn,
            "days": VERDICTS_KEPT.days,
            "crumbs": [*crumbs_to(project.full_path, links, is_personal=is_personal)],
            "tabs": tabs_of(visitor, project, UPLOADS),
        },
    )


def _stretch(page: int) -> Stretch:
    return Stretch(_LINES, (page - 1) * _LINES, order_by="full_path")


def _turn(found: Listed[T], page: int, address: Callable[[str], str]) -> Turn:
    back = address(str(page - 1)) if page > 1 else None
    return Turn(back, address(str(page + 1)) if found.more else None)
