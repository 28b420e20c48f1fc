"""A package at one of its releases, as its page shows it."""

from collections.abc import Sequence
from typing import Final

from wheelyard_api.people.shown import (
    Crumb,
    Shown,
    Turn,
    crumbs_to,
    links_here,
    query,
    readme,
    tabs_of,
)
from wheelyard_api.people.snippets import Index
from wheelyard_api.people.wording import link
from wheelyard_core.domain.administration import ProjectDetails
from wheelyard_core.domain.browsing import Around, Description, PackageView
from wheelyard_core.domain.catalogue import Project
from wheelyard_core.domain.versions import ReleaseVersion
from wheelyard_core.usecases import browse, shared_names
from wheelyard_core.usecases.acting import Acting
from wheelyard_core.usecases.browse import Reading
from wheelyard_web.identity import registry

_RELEASES: Final = 30
# A licence's whole text was once put where its name belongs.
_LONGEST_LICENCE: Final = 100


def look_at_package(
    visitor: Acting, project: Project, details: ProjectDetails, reading: Reading
) -> Shown:
    """Return a package. Raises NotFound or InvalidVersion."""
    links = links_here()
    around = Around(_RELEASES, _order(query("older")), _order(query("newer")))
    view = browse.package(visitor, project, reading.package or "", reading.version, around)
    index = Index.of(project, registry().settings.http.public_url)
    is_personal = details.namespace.owner_id is not None
    crumbs = [*crumbs_to(project.full_path, links, is_personal=is_personal)]
    if reading.version is not None:
        crumbs.append(
            Crumb(view.package.name, links.package(project.full_path, view.package.normalized))
        )
    return Shown(
        "package.html",
        {
            "project": details,
            "view": view,
            "package": view.package,
            "about": view.description,
            # Called by the template, when the transaction is over: it takes a while.
            "rendered": readme,
            "licence": _licence(view.description),
            "links_out": _links(view.description),
            "index": index,
            "requirement": _requirement(view, pinned=reading.version is not None),
            "pinned": _requirement(view, pinned=True),
            "turn": _turn(view, project, reading),
            "shared": shared_names.of_package(visitor, project, view.package.normalized),
            "crumbs": crumbs,
            "tabs": tabs_of(visitor, project, "Packages"),
        },
    )


def _order(version: str | None) -> str | None:
    return None if version is None else ReleaseVersion.parse(version).order


def _requirement(view: PackageView, *, pinned: bool) -> str:
    if pinned and view.release is not None:
        return f"{view.package.name}=={view.release.version}"
    return view.package.name


def _turn(view: PackageView, project: Project, reading: Reading) -> Turn:
    def turn_to(**where: str) -> str:
        address = links_here().package(
            project.full_path, view.package.normalized, reading.version, **where
        )
        return f"{address}#releases"

    part = view.history
    back = turn_to(newer=part.items[0].version) if part.items and part.earlier else None
    forth = turn_to(older=part.items[-1].version) if part.items and part.later else None
    return Turn(back, forth, "Newer", "Older")


def _licence(about: Description | None) -> str | None:
    if about is None:
        return None
    named = about.license_expression or (about.license or "").strip()
    if len(named) > _LONGEST_LICENCE or "\n" in named:
        return f"{named.splitlines()[0][:_LONGEST_LICENCE]}…"
    return named or None


def _links(about: Description | None) -> Sequence[tuple[str, str, str | None]]:
    """Return label, text and address; the address is None for what must not be followed."""
    return [] if about is None else [(label, url, link(url)) for label, url in about.links]
