"""The status of packages (PEP 792)."""

from functools import partial
from typing import Final

from flask import Blueprint, Response, jsonify

from wheelyard_api.rest.desk import acting, await_change, reason_given
from wheelyard_api.rest.params import Params
from wheelyard_core.domain.access import Permission
from wheelyard_core.domain.catalogue import Package
from wheelyard_core.domain.errors import InvalidInput
from wheelyard_core.domain.names import name_in_address
from wheelyard_core.domain.standing import PackageStatus, Standing
from wheelyard_core.usecases.set_status import StatusSetter, find_package
from wheelyard_web.identity import allowed_project, confirm, registry
from wheelyard_web.watching import request_id

blueprint = Blueprint("statuses", __name__)

_STATUS: Final = "/api/v4/projects/<path:reference>/packages/pypi/status/<package>"


@blueprint.get(_STATUS)
def status(reference: str, package: str) -> Response:
    """Show a package's status."""
    with acting(writes=False) as who:
        project, _ = who.project_settings(reference, writes=False)
        return jsonify(_shown(find_package(who.uow, project.id, name_in_address(package))))


@blueprint.put(_STATUS)
def set_status(reference: str, package: str) -> Response:
    """Set a package's status, and why it has it."""
    here = registry()
    project, _ = allowed_project(reference, Permission.SET_STATUS)
    name = name_in_address(package)
    wanted = Params.of_request().choice("status", PackageStatus)
    if wanted is None:
        words = ", ".join(PackageStatus)
        raise InvalidInput(f"status is missing: it is one of {words}")
    change = StatusSetter(here.database)(
        project.id,
        name,
        Standing(wanted, reason_given()),
        partial(confirm, reference=reference, permission=Permission.SET_STATUS),
        request_id(),
    )
    await_change(change)
    with here.database.snapshot() as uow:
        return jsonify(_shown(find_package(uow, project.id, name)))


def _shown(package: Package) -> dict[str, object]:
    return {
        "name": package.name,
        "status": package.standing.status.value,
        "reason": package.standing.reason,
    }
