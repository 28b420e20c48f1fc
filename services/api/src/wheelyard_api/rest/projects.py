"""Projects."""

from typing import Final

from flask import Blueprint, Response, jsonify

from wheelyard_api.rest import shown
from wheelyard_api.rest.desk import accepted, acting, created
from wheelyard_api.rest.lists import answer_list, read_stretch
from wheelyard_api.rest.params import LONG_TEXT, Params
from wheelyard_core.domain.access import Permission, RegistryAccess, Role, Visibility
from wheelyard_core.domain.administering import parse_role, reach_of
from wheelyard_core.domain.administration import ProjectChanges, ProjectFilter
from wheelyard_core.domain.attestations import AttestationPolicy
from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.domain.places import parse_path, parse_title, path_from
from wheelyard_core.usecases import administer_projects
from wheelyard_core.usecases.acting import Acting
from wheelyard_core.usecases.administer_projects import NewProject
from wheelyard_core.usecases.administer_users import find_user

blueprint = Blueprint("projects", __name__, url_prefix="/api/v4")

# Ten years.
_MOST_HOURS: Final = 87_600
_ORDERS = ("id", "name", "path", "created_at")


@blueprint.get("/projects")
def projects() -> Response:
    """List the projects that the actor sees."""
    params = Params.of_request()
    wanted = ProjectFilter(
        search=params.text("search") or None,
        visibility=params.choice("visibility", Visibility),
        least_role=least_role(params),
    )
    with acting(writes=False) as who:
        return answer_projects(who, params, wanted)


@blueprint.get("/users/<int:user_id>/projects")
def personal_projects(user_id: int) -> Response:
    """List the projects in an account's personal namespace."""
    params = Params.of_request()
    with acting(writes=False) as who:
        who.person(writes=False)
        namespace = who.uow.groups.personal(find_user(who, user_id).id, make=False)
        # No namespace, no project: 0 is no id.
        wanted = ProjectFilter(in_group=0 if namespace is None else namespace.id)
        return answer_projects(who, params, wanted)


@blueprint.post("/projects")
def create() -> Response:
    """Create a project."""
    with acting(writes=True) as who:
        who.person(writes=True)
        params = Params.of_request()
        name = parse_title(params.text("name") or params.required("path"))
        new = NewProject(
            name,
            parse_path(params.text("path") or path_from(name)),
            params.number("namespace_id"),
            params.choice("visibility", Visibility) or Visibility.PRIVATE,
            params.choice("package_registry_access_level", RegistryAccess)
            or RegistryAccess.ENABLED,
            params.text("description", LONG_TEXT) or "",
            bool(params.flag("burn_filenames")),
            _open_hours(params) or 0,
            params.choice("attestation_policy", AttestationPolicy) or AttestationPolicy.OFF,
        )
        return created(shown.project(administer_projects.create_project(who, new)))


@blueprint.get("/projects/<reference>")
def project(reference: str) -> Response:
    """Show a project."""
    with acting(writes=False) as who:
        found, _ = who.project(reference, Permission.SEE)
        return jsonify(shown.project(who.uow.directory.details(found.id)))


@blueprint.put("/projects/<reference>")
def change(reference: str) -> Response:
    """Change a project's settings."""
    with acting(writes=True) as who:
        who.project(reference, Permission.ADMINISTER)
        params = Params.of_request()
        name, path = params.text("name"), params.text("path")
        changes = ProjectChanges(
            name=None if name is None else parse_title(name),
            path=None if path is None else parse_path(path),
            description=params.text("description", LONG_TEXT),
            visibility=params.choice("visibility", Visibility),
            registry_access=params.choice("package_registry_access_level", RegistryAccess),
            burn_filenames=params.flag("burn_filenames"),
            release_open_hours=_open_hours(params),
            attestation_policy=params.choice("attestation_policy", AttestationPolicy),
        )
        return jsonify(shown.project(administer_projects.change_project(who, reference, changes)))


@blueprint.delete("/projects/<reference>")
def delete(reference: str) -> Response:
    """Delete a project with all its packages."""
    with acting(writes=True) as who:
        administer_projects.delete_project(who, reference)
    return accepted()


def _open_hours(params: Params) -> int | None:
    hours = params.number("release_open_hours")
    if hours is not None and hours > _MOST_HOURS:
        raise InvalidInput(
            f"release_open_hours must be a number of hours up to {_MOST_HOURS}, or 0 for ever"
        )
    return hours


def answer_projects(who: Acting, params: Params, wanted: ProjectFilter) -> Response:
    """Return the answer with a part of the list of projects that the actor sees."""
    stretch, page = read_stretch(params, _ORDERS, "created_at_desc")
    listed = who.uow.directory.listed(reach_of(who.actor), wanted, stretch, who.now)
    return answer_list(listed, stretch, page, shown.project)


def least_role(params: Params) -> Role | None:
    """Read which role the actor must have in what a list shows."""
    if params.flag("owned"):
        return Role.OWNER
    level = params.number("min_access_level")
    if level is not None:
        return parse_role(level)
    return Role.GUEST if params.flag("membership") else None
