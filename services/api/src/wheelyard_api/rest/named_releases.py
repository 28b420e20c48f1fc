"""Releases and their files by name and version: yank, un-yank, delete."""

from functools import partial
from typing import Final

from flask import Blueprint, Response, jsonify

from wheelyard_api.rest.desk import await_change, nothing, reason_given
from wheelyard_core.domain.access import Permission
from wheelyard_core.domain.catalogue import Yanked
from wheelyard_core.domain.releases import ReleaseName
from wheelyard_core.usecases.delete import find_target
from wheelyard_core.usecases.yank import Shown, Yank, Yanker
from wheelyard_web.identity import allowed_project, confirm, registry
from wheelyard_web.watching import request_id

blueprint = Blueprint("named_releases", __name__)

_PYPI: Final = "/api/v4/projects/<path:reference>/packages/pypi"
# The word before the name keeps a package called "yank" or "files" out of other addresses.
_YANK: Final = f"{_PYPI}/yank/<package>/<version>"
_RELEASE: Final = f"{_PYPI}/releases/<package>/<version>"


@blueprint.put(_YANK)
def yank_release(reference: str, package: str, version: str) -> Response:
    """Yank a release with all its files."""
    return _yank(reference, package, version, None, yanks=True)


@blueprint.delete(_YANK)
def unyank_release(reference: str, package: str, version: str) -> Response:
    """Un-yank a release with all its files."""
    return _yank(reference, package, version, None, yanks=False)


@blueprint.put(f"{_YANK}/<filename>")
def yank_file(reference: str, package: str, version: str, filename: str) -> Response:
    """Yank a file."""
    return _yank(reference, package, version, filename, yanks=True)


@blueprint.delete(f"{_YANK}/<filename>")
def unyank_file(reference: str, package: str, version: str, filename: str) -> Response:
    """Un-yank a file."""
    return _yank(reference, package, version, filename, yanks=False)


@blueprint.delete(_RELEASE)
def delete_release(reference: str, package: str, version: str) -> Response:
    """Delete a release with all its files."""
    return _delete(reference, Permission.DELETE_PACKAGE, package, version, None)


@blueprint.delete(f"{_RELEASE}/<filename>")
def delete_file(reference: str, package: str, version: str, filename: str) -> Response:
    """Delete a file."""
    return _delete(reference, Permission.DELETE_FILE, package, version, filename)


def _yank(
    reference: str, package: str, version: str, filename: str | None, *, yanks: bool
) -> Response:
    project, _ = allowed_project(reference, Permission.YANK)
    name, reason = ReleaseName.parse(package, version), reason_given()
    state = Yanked(reason or "") if yanks else None
    shown = Yanker(registry().database)(
        Yank(project.id, name, filename, state, reason),
        partial(confirm, reference=reference, permission=Permission.YANK),
        request_id(),
    )
    await_change(shown.change)
    return jsonify(_shown(shown))


def _delete(
    reference: str, permission: Permission, package: str, version: str, filename: str | None
) -> Response:
    here = registry()
    project, _ = allowed_project(reference, permission)
    name, reason = ReleaseName.parse(package, version), reason_given()
    with here.database.snapshot() as uow:
        target = find_target(uow, project.id, name, filename)
    change = here.deleter()(
        target,
        partial(confirm, reference=reference, permission=permission),
        reason=reason,
        request_id=request_id(),
    )
    await_change(change)
    return nothing()


def _shown(shown: Shown) -> dict[str, object]:
    release, files = shown.release, shown.files
    yanked = all(file.yanked for file in files) if files else release.yanked is not None
    return {
        "name": release.name,
        "version": release.version,
        "yanked": yanked,
        "yanked_reason": _reason(release.yanked),
        "files": [
            {
                "id": file.id,
                "file_name": file.filename,
                "yanked": file.yanked is not None,
                "yanked_reason": _reason(file.yanked),
            }
            for file in files
        ],
    }


def _reason(state: Yanked | None) -> str | None:
    return None if state is None else state.reason or None
