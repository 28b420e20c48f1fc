"""Accounts."""

from flask import Blueprint, Response, jsonify

from wheelyard_api.rest import shown
from wheelyard_api.rest.desk import acting, created, nothing
from wheelyard_api.rest.lists import answer_list, read_stretch
from wheelyard_api.rest.params import Params
from wheelyard_core.domain.administration import UserChanges, UserFilter
from wheelyard_core.domain.places import parse_email, parse_path
from wheelyard_core.usecases import administer_users
from wheelyard_core.usecases.administer_users import NewUser

blueprint = Blueprint("users", __name__, url_prefix="/api/v4")

_ORDERS = ("id", "name", "username", "created_at")


@blueprint.get("/user")
def current() -> Response:
    """Show the account that asks."""
    with acting(writes=False) as who:
        person = who.person(writes=False)
        return jsonify(shown.user(administer_users.find_user(who, person.user_id)))


@blueprint.get("/users")
def users() -> Response:
    """List accounts."""
    params = Params.of_request()
    stretch, page = read_stretch(params, _ORDERS, "id_desc")
    without_bots = params.flag("without_project_bots") or params.flag("humans")
    wanted = UserFilter(
        username=params.text("username") or None,
        search=params.text("search") or None,
        is_blocked=_blocked(params),
        is_admin=params.flag("admins") or None,
        is_bot=False if without_bots else None,
    )
    with acting(writes=False) as who:
        who.admin(writes=False)
        listed = who.uow.users.listed(wanted, stretch)
    return answer_list(listed, stretch, page, shown.user)


@blueprint.post("/users")
def create() -> Response:
    """Create an account; a password is taken and not kept, for people act by tokens."""
    with acting(writes=True) as who:
        who.admin(writes=True)
        params = Params.of_request()
        username = parse_path(params.required("username"), "username", at_top=True)
        new = NewUser(username, _name(params) or username, _email(params), bool(_admin(params)))
        return created(shown.user(administer_users.create_user(who, new)))


@blueprint.get("/users/<int:user_id>")
def user(user_id: int) -> Response:
    """Show an account."""
    with acting(writes=False) as who:
        return jsonify(shown.user(administer_users.get_user(who, user_id)))


@blueprint.route("/users/<int:user_id>", methods=["PATCH", "PUT"])
def change(user_id: int) -> Response:
    """Change an account."""
    with acting(writes=True) as who:
        who.admin(writes=True)
        params = Params.of_request()
        username = params.text("username")
        changes = UserChanges(
            username=None if username is None else parse_path(username, "username", at_top=True),
            name=_name(params),
            email=_email(params),
            is_admin=_admin(params),
        )
        return jsonify(shown.user(administer_users.change_user(who, user_id, changes)))


@blueprint.delete("/users/<int:user_id>")
def delete(user_id: int) -> Response:
    """Delete an account."""
    hard = bool(Params.of_request().flag("hard_delete"))
    with acting(writes=True) as who:
        administer_users.delete_user(who, user_id, hard=hard)
    return nothing()


@blueprint.post("/users/<int:user_id>/block")
def block(user_id: int) -> Response:
    """Block an account."""
    with acting(writes=True) as who:
        administer_users.set_blocked(who, user_id, blocked=True)
    return created(True)  # noqa: FBT003  GitLab's whole answer


@blueprint.post("/users/<int:user_id>/unblock")
def unblock(user_id: int) -> Response:
    """Unblock an account."""
    with acting(writes=True) as who:
        administer_users.set_blocked(who, user_id, blocked=False)
    return created(True)  # noqa: FBT003  GitLab's whole answer


def _blocked(params: Params) -> bool | None:
    if params.flag("blocked"):
        return True
    return False if params.flag("active") else None


def _name(params: Params) -> str | None:
    return params.required("name") if params.text("name") is not None else None


def _admin(params: Params) -> bool | None:
    given = params.flag("admin")
    return params.flag("is_admin") if given is None else given


def _email(params: Params) -> str | None:
    text = params.text("email")
    return parse_email(text) if text else None
