"""What somebody sees who looks around: places, packages, one package."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wheelyard_core.domain.access import Actor, Anonymous, Permission, Role, require, user_of
from wheelyard_core.domain.administering import GroupPermission, reach_of
from wheelyard_core.domain.administration import (
    Group,
    GroupFilter,
    Listed,
    ProjectDetails,
    ProjectFilter,
    Stretch,
)
from wheelyard_core.domain.browsing import Around, FileLine, PackageView, Sender
from wheelyard_core.domain.catalogue import Project, Upload
from wheelyard_core.domain.errors import AuthenticationRequired, NotAllowed, NotFound
from wheelyard_core.domain.names import normalize
from wheelyard_core.domain.releases import Release
from wheelyard_core.domain.versions import ReleaseVersion
from wheelyard_core.domain.wording import printable
from wheelyard_core.usecases.acting import Acting

# More files at one version than any project has: a wheel for each Python, system and processor.
_MOST_FILES: Final = 500
# One sentence for what is hidden and for what is not there.
_NOTHING: Final = "There is nothing at this address that you may see"


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read an address: a place, and in it maybe a package at maybe a version."""

    place: str
    package: str | None = None
    version: str | None = None


def readings(address: str) -> list[Reading]:
    """Return the ways to read the path of an address.

    A project or group may be called `packages`, so only what exists tells which one is right. At
    most one can be: nothing is below a project.
    """
    parts = address.split("/")
    found = [Reading(address)]
    for size in (1, 2, 3):
        place, rest = parts[:-size], parts[-size:]
        if place and rest[0] == "packages":
            found.append(Reading("/".join(place), *rest[1:]))
    return found


def visit(acting: Acting, address: str) -> tuple[Group | Project, Reading]:
    """Return the group or project that an address names, and how the address is read.

    Raises AuthenticationRequired, NotFound or NotAllowed; their sentences do not say what exists.
    """
    # Alone, a number would be taken for an id.
    found = [] if address.isdecimal() else readings(address)
    try:
        for reading in found:
            if acting.uow.projects.find(reading.place) is not None:
                project, _ = acting.project(reading.place, Permission.PULL)
                return project, reading
        known = acting.uow.groups.find(address) if found else None
        group, _ = acting.in_group(known, GroupPermission.SEE)
    except NotFound:
        raise NotFound(_NOTHING) from None
    return group, Reading(address)


def projects(acting: Acting, wanted: ProjectFilter, stretch: Stretch) -> Listed[ProjectDetails]:
    """Return a part of the projects that the actor sees."""
    return acting.uow.directory.listed(reach_of(acting.actor), wanted, stretch, acting.now)


def groups(acting: Acting, parent: Group, stretch: Stretch) -> Listed[Group]:
    """Return a part of the groups directly below one that the actor sees."""
    wanted = GroupFilter(parent_id=parent.id)
    return acting.uow.groups.listed(reach_of(acting.actor), wanted, stretch, acting.now)


def release(acting: Acting, path: str, number: int) -> Release:
    """Return a release of the project at this path, by its number. Raises as `visit`."""
    try:
        project, _ = acting.project(path, Permission.PULL)
    except NotFound:
        raise NotFound(_NOTHING) from None
    found = acting.uow.releases.get(project.id, number)
    if found is None:
        raise NotFound(_NOTHING)
    return found


def sees_uploads(acting: Acting, project: Project) -> bool:
    """Tell whether the actor sees everybody's uploads to the project."""
    user_id, role = user_of(acting.actor), Role.NONE
    if user_id is not None:
        role = acting.uow.projects.role_in(user_id, project.policy, acting.now)
    try:
        require(acting.actor, project.policy, role, Permission.SEE_UPLOADS)
    except (AuthenticationRequired, NotAllowed, NotFound):
        return False
    return True


def uploads(acting: Acting, path: str, stretch: Stretch) -> tuple[Project, Listed[Upload]]:
    """Return the uploads to a project that were refused or wait; to others, their own.

    Raises AuthenticationRequired; NotFound as well for whoever sees the project and has sent
    nothing, as at the address of one upload's status.
    """
    try:
        project, _ = acting.project(path, Permission.SEE)
        by = None if sees_uploads(acting, project) else _sender(acting.actor)
        found = acting.uow.browsing.uploads(project.id, by, stretch)
        if by is not None and not found.total:
            acting.project(path, Permission.SEE_UPLOADS)
    except (NotFound, NotAllowed):
        raise NotFound(_NOTHING) from None
    return project, found


def _sender(actor: Actor) -> Sender:
    token_id = None if isinstance(actor, Anonymous) else actor.token_id
    return Sender(user_of(actor), token_id)


def package(
    acting: Acting, project: Project, name: str, version: str | None, history: Around
) -> PackageView:
    """Return a package at a version, else at its latest. Raises NotFound."""
    uow = acting.uow.browsing
    found = uow.package(project.id, normalize(name))
    if found is None:
        raise NotFound(f"Package not found: {printable(name)}")
    package_id, known = found
    latest = uow.latest(package_id)
    release = latest if version is None else uow.release(package_id, ReleaseVersion.parse(version))
    if version is not None and release is None:
        raise NotFound(f"Release not found: {known.name} {version}")
    files: Sequence[FileLine] = ()
    if release is not None:
        files = uow.files(package_id, ReleaseVersion.parse(release.version), _MOST_FILES)
    return PackageView(
        package=known,
        release=release,
        latest=latest,
        files=files,
        description=None if release is None else uow.description(release.id),
        history=uow.releases(package_id, history),
    )
