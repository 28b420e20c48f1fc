"""Protection rules of projects, in GitLab's words."""

from typing import Final

from flask import Blueprint, Response, jsonify

from wheelyard_api.rest.desk import acting, created, nothing
from wheelyard_api.rest.lists import answer_list, read_stretch
from wheelyard_api.rest.params import Params
from wheelyard_core.domain.access import Permission
from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.domain.protection import Level, Levels, Pattern, Rule
from wheelyard_core.domain.wording import quoted
from wheelyard_core.usecases import protect

blueprint = Blueprint(
    "protection_rules",
    __name__,
    url_prefix="/api/v4/projects/<path:reference>/packages/protection/rules",
)

_PATTERN: Final = "package_name_pattern"
_PUSH: Final = "minimum_access_level_for_push"
_DELETE: Final = "minimum_access_level_for_delete"
_LEVELS: Final = {level.word: level for level in Level}


@blueprint.get("")
def rules(reference: str) -> Response:
    """List a project's rules."""
    with acting(writes=False) as who:
        params = Params.of_request()
        stretch, page = read_stretch(params)
        listed = protect.list_rules(who, reference, stretch)
    return answer_list(listed, stretch, page, _shown)


@blueprint.post("")
def add(reference: str) -> Response:
    """Add a rule."""
    with acting(writes=True) as who:
        # Who may comes before what is asked.
        who.project(reference, Permission.ADMINISTER)
        params = Params.of_request()
        _check_type(params)
        pattern = Pattern.parse(params.required(_PATTERN))
        levels = Levels(_level(params, _PUSH, None), _level(params, _DELETE, None))
        return created(_shown(protect.add_rule(who, reference, pattern, levels)))


@blueprint.patch("/<number:rule_id>")
def change(reference: str, rule_id: int) -> Response:
    """Change a rule; an empty level asks for nothing any more."""
    with acting(writes=True) as who:
        present = protect.find_rule(who, reference, rule_id)
        params = Params.of_request()
        _check_type(params)
        text = params.text(_PATTERN)
        pattern = None if text is None else Pattern.parse(text)
        levels = Levels(
            _level(params, _PUSH, present.levels.push),
            _level(params, _DELETE, present.levels.delete),
        )
        return jsonify(_shown(protect.change_rule(who, reference, rule_id, pattern, levels)))


@blueprint.delete("/<number:rule_id>")
def remove(reference: str, rule_id: int) -> Response:
    """Remove a rule."""
    with acting(writes=True) as who:
        protect.remove_rule(who, reference, rule_id)
    return nothing()


def _check_type(params: Params) -> None:
    kind = params.text("package_type")
    if kind not in {None, "", "pypi"}:
        raise InvalidInput(
            f"package_type does not have a valid value: {quoted(str(kind))} is not pypi, which is "
            "all that there is here"
        )


def _level(params: Params, name: str, present: Level | None) -> Level | None:
    """Read a level: without one it stays as it is, and an empty one is none."""
    if not params.has(name):
        return present
    word = params.text(name)
    if word is None or word == "":
        return None
    if word not in _LEVELS:
        allowed = ", ".join(_LEVELS)
        raise InvalidInput(
            f"{name} does not have a valid value: {quoted(word)} is none of {allowed}"
        )
    return _LEVELS[word]


def _shown(rule: Rule) -> dict[str, object]:
    levels = rule.levels
    return {
        "id": rule.id,
        "project_id": rule.project_id,
        _PATTERN: rule.pattern.text,
        "package_type": "pypi",
        _PUSH: None if levels.push is None else levels.push.word,
        _DELETE: None if levels.delete is None else levels.delete.word,
    }
