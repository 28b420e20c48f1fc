"""Members of groups and projects."""

from typing import Final

from flask import Blueprint, Response, jsonify

from wheelyard_api.rest import shown
from wheelyard_api.rest.desk import acting, created, nothing
from wheelyard_api.rest.lists import answer_list, read_stretch
from wheelyard_api.rest.params import Params
from wheelyard_core.domain.administering import parse_role
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.usecases import administer_members
from wheelyard_core.usecases.acting import Acting
from wheelyard_core.usecases.administer_members import NewRole, Where

blueprint = Blueprint(
    "members", __name__, url_prefix="/api/v4/<any(projects, groups):kind>/<reference>/members"
)

_GROUPS: Final = "groups"


@blueprint.get("")
def direct(kind: str, reference: str) -> Response:
    """List direct members."""
    return _list(Where(reference, kind == _GROUPS), inherited=False)


@blueprint.get("/all")
def every(kind: str, reference: str) -> Response:
    """List members, with those of the groups above."""
    return _list(Where(reference, kind == _GROUPS), inherited=True)


@blueprint.get("/<int:user_id>")
def one(kind: str, reference: str, user_id: int) -> Response:
    """Show a direct member."""
    return _show(Where(reference, kind == _GROUPS), user_id, inherited=False)


@blueprint.get("/all/<int:user_id>")
def one_of_all(kind: str, reference: str, user_id: int) -> Response:
    """Show a member, direct or of a group above, with the highest role."""
    return _show(Where(reference, kind == _GROUPS), user_id, inherited=True)


@blueprint.post("")
def add(kind: str, reference: str) -> Response:
    """Make somebody a member."""
    where = Where(reference, kind == _GROUPS)
    with acting(writes=True) as who:
        where.manage(who)
        params = Params.of_request()
        new = _read_role(who, params)
        member = administer_members.add_member(who, where, _user(who, params), new)
        return created(shown.member(member))


@blueprint.put("/<int:user_id>")
def change(kind: str, reference: str, user_id: int) -> Response:
    """Give a direct member another role or end."""
    where = Where(reference, kind == _GROUPS)
    with acting(writes=True) as who:
        place, _ = where.manage(who)
        params = Params.of_request()
        new = _read_role(who, params)
        if not params.has("expires_at"):
            present = administer_members.get_member(who, place, user_id)
            new = NewRole(new.role, present.expires_at)
        return jsonify(shown.member(administer_members.change_member(who, where, user_id, new)))


@blueprint.delete("/<int:user_id>")
def remove(kind: str, reference: str, user_id: int) -> Response:
    """Remove a direct member: from everything below the group, too, unless told otherwise."""
    where = Where(reference, kind == _GROUPS)
    below = not Params.of_request().flag("skip_subresources")
    with acting(writes=True) as who:
        administer_members.remove_member(who, where, user_id, below=below)
    return nothing()


def _list(where: Where, *, inherited: bool) -> Response:
    params = Params.of_request()
    stretch, page = read_stretch(params)
    search = params.text("query") or None
    with acting(writes=False) as who:
        place = where.read(who)
        listed = who.uow.members.listed(place, stretch, who.now, search=search, inherited=inherited)
    return answer_list(listed, stretch, page, shown.member)


def _show(where: Where, user_id: int, *, inherited: bool) -> Response:
    with acting(writes=False) as who:
        found = administer_members.get_member(who, where.read(who), user_id, inherited=inherited)
        return jsonify(shown.member(found))


def _read_role(who: Acting, params: Params) -> NewRole:
    return NewRole(parse_role(params.required_number("access_level")), params.expiry(who.now))


def _user(who: Acting, params: Params) -> int:
    username = params.text("username")
    if username is None or params.has("user_id"):
        return params.required_number("user_id")
    found = who.uow.users.named(username)
    if found is None:
        raise NotFound("User not found")
    return found.id
