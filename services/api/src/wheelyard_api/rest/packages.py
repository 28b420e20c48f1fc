"""GitLab's package API: what it calls a package is a release, one name at one version."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Final, TypeVar
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, request

from wheelyard_api.rest.desk import await_change, nothing, reason_given
from wheelyard_api.rest.pagination import Page, paginated
from wheelyard_core.domain.access import Permission, require, user_of
from wheelyard_core.domain.catalogue import Project, Publisher
from wheelyard_core.domain.errors import InvalidInput, NotFound, RegistryError
from wheelyard_core.domain.group_access import readable_below
from wheelyard_core.domain.moments import format_moment
from wheelyard_core.domain.releases import (
    Found,
    Release,
    ReleaseFile,
    ReleaseOrder,
    ReleaseQuery,
    Window,
)
from wheelyard_core.usecases.authenticate import Authenticated, note_use
from wheelyard_core.usecases.delete import Target
from wheelyard_web.identity import allowed_project, confirm, identify, registry
from wheelyard_web.watching import request_id

blueprint = Blueprint("packages", __name__)

T = TypeVar("T")

_PACKAGES: Final = "/api/v4/projects/<path:reference>/packages"
_PACKAGE: Final = f"{_PACKAGES}/<number:package_id>"
_FILE: Final = f"{_PACKAGE}/package_files/<number:file_id>"
# What GitLab knows: asking for another kind than ours is no error and finds nothing.
_TYPES: Final = frozenset(
    {
        *("composer", "conan", "debian", "generic", "golang", "helm", "maven", "ml_model", "npm"),
        *("nuget", "pypi", "rpm", "rubygems", "terraform_module"),
    }
)
_STATUSES: Final = frozenset({"default", "hidden", "processing", "error", "pending_destruction"})


@blueprint.get(_PACKAGES)
def project_packages(reference: str) -> Response:
    """List the releases of a project."""
    project, who = allowed_project(reference, Permission.PULL)
    page, found = _found([project.id], ReleaseOrder.CREATED_AT)
    deletable = _may_delete(who, project)
    shown = [_package(release, deletable=deletable) for release in found.items]
    return paginated(shown, found.total, page)


@blueprint.get("/api/v4/groups/<path:reference>/packages")
def group_packages(reference: str) -> Response:
    """List the releases of all projects below a group that the actor may read."""
    here = registry()
    with here.database.snapshot() as uow:
        who = identify(uow)
        project_ids = readable_below(who.actor, uow.pages.below(reference, user_of(who.actor)))
    note_use(here.database, who.token, here.now())
    page, found = _found(project_ids, ReleaseOrder.CREATED_AT)
    return paginated([_package_of_group(release) for release in found.items], found.total, page)


@blueprint.get(_PACKAGE)
def package(reference: str, package_id: int) -> Response:
    """Show a release."""
    project, who = allowed_project(reference, Permission.PULL)
    release = _release(project, package_id)
    return jsonify(_package(release, deletable=_may_delete(who, project)))


@blueprint.delete(_PACKAGE)
def delete_package(reference: str, package_id: int) -> Response:
    """Delete a release with all its files."""
    return _delete(reference, Permission.DELETE_PACKAGE, package_id, None)


@blueprint.get(f"{_PACKAGE}/package_files")
def package_files(reference: str, package_id: int) -> Response:
    """List the files of a release."""
    project, _ = allowed_project(reference, Permission.PULL)
    page = Page.read(request.args)
    release = _release(project, package_id)
    with registry().database.snapshot() as uow:
        found = uow.releases.files(release.id, Window(page.offset, page.size))
    return paginated([_file(file) for file in found.items], found.total, page)


@blueprint.delete(_FILE)
def delete_package_file(reference: str, package_id: int, file_id: int) -> Response:
    """Delete a file."""
    return _delete(reference, Permission.DELETE_FILE, package_id, file_id)


def _delete(
    reference: str, permission: Permission, package_id: int, file_id: int | None
) -> Response:
    here = registry()
    project, _ = allowed_project(reference, permission)
    change = here.deleter()(
        Target(project.id, package_id, file_id),
        partial(confirm, reference=reference, permission=permission),
        reason=reason_given(),
        request_id=request_id(),
    )
    await_change(change)
    return nothing()


def _found(project_ids: Sequence[int], default: ReleaseOrder) -> tuple[Page, Found[Release]]:
    page = Page.read(request.args)
    query = ReleaseQuery(
        name=_text("package_name"),
        version=_text("package_version"),
        order=ReleaseOrder(_one_of("order_by", set(ReleaseOrder), default)),
        descending=_one_of("sort", {"asc", "desc"}, "asc") == "desc",
    )
    ours = _one_of("package_type", _TYPES, "pypi") == "pypi"
    shown = _one_of("status", _STATUSES, "default") == "default"
    if not ours or not shown:
        return page, Found(0, ())
    with registry().database.snapshot() as uow:
        return page, uow.releases.find(project_ids, query, Window(page.offset, page.size))


def _text(name: str) -> str | None:
    text = request.args.get(name, "")
    if "\0" in text:
        raise InvalidInput(f"{name} must be text without control characters")
    return text or None


def _one_of(name: str, words: Collection[str], default: str) -> str:
    word = request.args.get(name) or default
    if word not in words:
        raise InvalidInput(f"{name} must be one of {', '.join(sorted(words))}")
    return word


def _release(project: Project, package_id: int) -> Release:
    with registry().database.snapshot() as uow:
        found = uow.releases.get(project.id, package_id)
    if found is None:
        raise NotFound("Package not found")
    return found


def _may_delete(who: Authenticated, project: Project) -> bool:
    here, user_id = registry(), user_of(who.actor)
    if user_id is None:
        return False
    with here.database.snapshot() as uow:
        role = uow.projects.role_in(user_id, project.policy, here.now())
    try:
        require(who.actor, project.policy, role, Permission.DELETE_PACKAGE)
    except RegistryError:
        return False
    return True


def _package(release: Release, *, deletable: bool) -> dict[str, object]:
    links = {"web_path": f"/{quote(release.project_path)}/-/packages/{release.id}"}
    if deletable:
        base = registry().settings.http.public_url
        links["delete_api_path"] = (
            f"{base}/api/v4/projects/{release.project_id}/packages/{release.id}"
        )
    shown: dict[str, object] = {
        "id": release.id,
        "name": release.name,
        "version": release.version,
        "package_type": "pypi",
        "status": "default",
        "_links": links,
        "created_at": format_moment(release.created_at),
        "tags": [],
        "pipelines": [],
    }
    pipeline = _pipeline(release.publisher)
    if pipeline is not None:
        shown |= {"pipeline": pipeline, "pipelines": [pipeline]}
    return shown


def _package_of_group(release: Release) -> dict[str, object]:
    return _package(release, deletable=False) | {
        "project_id": release.project_id,
        "project_path": release.project_path,
    }


def _file(file: ReleaseFile) -> dict[str, object]:
    pipeline = _pipeline(file.publisher)
    return {
        "id": file.id,
        "package_id": file.release_id,
        "created_at": format_moment(file.created_at),
        "file_name": file.filename,
        "size": file.size,
        "file_md5": file.digests.md5,
        # SHA-1 is never computed here.
        "file_sha1": None,
        "file_sha256": file.digests.sha256,
        "pipelines": [] if pipeline is None else [pipeline],
    }


def _pipeline(publisher: Publisher) -> dict[str, object] | None:
    if publisher.pipeline is None:
        return None
    known = {name: publisher.pipeline.get(name) for name in ("id", "ref", "sha", "web_url")}
    return known | {"user": {"username": publisher.name, "name": publisher.name}}
