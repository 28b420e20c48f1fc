"""Groups."""

from dataclasses import replace

from flask import Blueprint, Response, jsonify

from wheelyard_api.rest import shown
from wheelyard_api.rest.desk import accepted, acting, created
from wheelyard_api.rest.lists import answer_list, read_stretch
from wheelyard_api.rest.params import LONG_TEXT, Params
from wheelyard_api.rest.projects import answer_projects, least_role
from wheelyard_core.domain.access import Visibility
from wheelyard_core.domain.administering import GroupPermission, reach_of
from wheelyard_core.domain.administration import GroupChanges, GroupFilter, ProjectFilter
from wheelyard_core.domain.group_index import PackageOverlap
from wheelyard_core.domain.places import parse_path, parse_title, path_from
from wheelyard_core.usecases import administer_groups
from wheelyard_core.usecases.administer_groups import NewGroup

blueprint = Blueprint("groups", __name__, url_prefix="/api/v4/groups")

_ORDERS = ("name", "path", "id", "created_at")


@blueprint.get("")
def groups() -> Response:
    """List the groups that the actor sees."""
    params = Params.of_request()
    wanted = _filter(params, top_level=bool(params.flag("top_level_only")))
    return _answer_groups(params, None, wanted)


@blueprint.get("/<reference>/subgroups")
def subgroups(reference: str) -> Response:
    """List the groups in a group."""
    params = Params.of_request()
    return _answer_groups(params, reference, _filter(params), direct=True)


@blueprint.get("/<reference>/descendant_groups")
def descendants(reference: str) -> Response:
    """List all groups below a group."""
    params = Params.of_request()
    return _answer_groups(params, reference, _filter(params))


@blueprint.post("")
def create() -> Response:
    """Create a group."""
    with acting(writes=True) as who:
        who.human()
        params = Params.of_request()
        name = parse_title(params.text("name") or params.required("path"))
        parent_id = params.number("parent_id")
        path = params.text("path") or path_from(name)
        new = NewGroup(
            name,
            parse_path(path, at_top=parent_id is None),
            parent_id,
            params.choice("visibility", Visibility) or Visibility.PRIVATE,
            params.text("description", LONG_TEXT) or "",
            bool(params.flag("burn_filenames")),
            params.choice("package_overlap", PackageOverlap) or PackageOverlap.MERGE,
        )
        return created(shown.group(administer_groups.create_group(who, new)))


@blueprint.get("/<reference>")
def group(reference: str) -> Response:
    """Show a group."""
    with acting(writes=False) as who:
        found, _ = who.group(reference, GroupPermission.SEE)
        return jsonify(shown.group(found))


@blueprint.put("/<reference>")
def change(reference: str) -> Response:
    """Change a group."""
    with acting(writes=True) as who:
        found, _ = who.group(reference, GroupPermission.ADMINISTER)
        params = Params.of_request()
        name, path = params.text("name"), params.text("path")
        changes = GroupChanges(
            name=None if name is None else parse_title(name),
            path=None if path is None else parse_path(path, at_top=found.parent_id is None),
            description=params.text("description", LONG_TEXT),
            visibility=params.choice("visibility", Visibility),
            burn_filenames=params.flag("burn_filenames"),
            package_overlap=params.choice("package_overlap", PackageOverlap),
        )
        return jsonify(shown.group(administer_groups.change_group(who, reference, changes)))


@blueprint.delete("/<reference>")
def delete(reference: str) -> Response:
    """Delete a group with everything below it."""
    with acting(writes=True) as who:
        administer_groups.delete_group(who, reference)
    return accepted()


@blueprint.get("/<reference>/projects")
def projects(reference: str) -> Response:
    """List a group's projects, with those below it if asked to."""
    params = Params.of_request()
    with acting(writes=False) as who:
        found, _ = who.group(reference, GroupPermission.SEE)
        below = bool(params.flag("include_subgroups"))
        wanted = ProjectFilter(
            search=params.text("search") or None,
            visibility=params.choice("visibility", Visibility),
            in_group=None if below else found.id,
            below_group=found.id if below else None,
        )
        return answer_projects(who, params, wanted)


def _answer_groups(
    params: Params, reference: str | None, wanted: GroupFilter, *, direct: bool = False
) -> Response:
    stretch, page = read_stretch(params, _ORDERS, "name_asc")
    with acting(writes=False) as who:
        if reference is not None:
            above, _ = who.group(reference, GroupPermission.SEE)
            wanted = replace(
                wanted,
                parent_id=above.id if direct else None,
                below_id=None if direct else above.id,
            )
        listed = who.uow.groups.listed(reach_of(who.actor), wanted, stretch, who.now)
    return answer_list(listed, stretch, page, shown.group)


def _filter(params: Params, *, top_level: bool = False) -> GroupFilter:
    return GroupFilter(
        search=params.text("search") or None,
        visibility=params.choice("visibility", Visibility),
        least_role=least_role(params),
        top_level=top_level,
    )
