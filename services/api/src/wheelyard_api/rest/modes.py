"""What may change in the registry, for administrators."""

from flask import Blueprint, Response, jsonify

from wheelyard_api.rest import shown
from wheelyard_api.rest.desk import acting, reason_given
from wheelyard_api.rest.params import Params
from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.domain.operating import Mode, Operation
from wheelyard_core.usecases import set_mode as usecase

blueprint = Blueprint("modes", __name__, url_prefix="/api/v4")


@blueprint.get("/maintenance")
def mode() -> Response:
    """Show what may change."""
    with acting(writes=False) as who:
        who.admin(writes=False)
        return jsonify(_shown(who.uow.operating.now()))


@blueprint.put("/maintenance")
def set_mode() -> Response:
    """Set what may change; it holds everywhere when the answer comes."""
    with acting(writes=True) as who:
        who.admin(writes=True)
        wanted = Params.of_request().choice("mode", Mode)
        if wanted is None:
            raise InvalidInput(f"mode is missing: it is one of {', '.join(Mode)}")
        return jsonify(_shown(usecase.set_mode(who.uow, who.agent, wanted, reason_given())))


def _shown(now: Operation) -> shown.Shown:
    return {
        "mode": now.mode.value,
        "reason": now.reason,
        "changed_at": shown.moment(now.changed_at),
        "database_epoch": now.epoch,
    }
