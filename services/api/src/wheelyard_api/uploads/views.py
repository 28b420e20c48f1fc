"""The upload addresses: read, call, answer."""

from functools import partial
from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request, url_for

from wheelyard_api.maintenance import still_taken
from wheelyard_api.uploads.fields import check_action
from wheelyard_api.uploads.form import FileTooLarge, UploadForm, read_urlencoded
from wheelyard_api.uploads.measuring import UploadWatch
from wheelyard_api.uploads.pipeline import Submission
from wheelyard_core.domain.access import Actor, JobToken, Permission, user_of
from wheelyard_core.domain.audit import agent_of
from wheelyard_core.domain.catalogue import Publisher, Upload, UploadStatus
from wheelyard_core.domain.errors import NotAllowed, NotFound
from wheelyard_core.domain.moments import format_moment
from wheelyard_core.ports import Span, UnitOfWork
from wheelyard_core.usecases.authenticate import Authenticated
from wheelyard_core.usecases.authorise import authorised_project
from wheelyard_core.usecases.mint_token import identity_of
from wheelyard_core.usecases.receive import Receipt, await_verdict
from wheelyard_web import reading
from wheelyard_web.errors import answer
from wheelyard_web.identity import allowed_project, confirm, registry
from wheelyard_web.watching import request_id

blueprint = Blueprint("uploads", __name__)


@blueprint.post("/api/v4/projects/<path:reference>/packages/pypi")
@blueprint.post("/<path:reference>/legacy")
def upload(reference: str) -> Response:
    """Receive a file and answer with its verdict."""
    project, who = allowed_project(reference, Permission.PUSH)
    with UploadWatch(registry().metrics) as watch:
        _refuse_by_length()
        _refuse_by_action()
        submission = Submission(
            registry=registry(),
            project=project,
            publisher=publisher_of(who),
            actor=who.actor,
            confirm=partial(_confirm, reference=reference),
            request_id=request_id(),
            watch=watch,
        )
        limits = registry().settings.limits
        form = UploadForm(request.stream, request.content_type, limits)
        # Behind the form's own time, so that it says why nothing more comes.
        reading.give(request.environ, limits.upload_seconds)
        receipt = submission.receive(form, request.args)
        deadline = form.last_byte_at + limits.verdict_seconds
        return watch.answered(_answer(receipt, project.id, deadline))


def _confirm(uow: UnitOfWork, reference: str) -> Actor:
    """Raise unless the file is still to be taken, and from this actor: it may be hours later."""
    return still_taken(uow, confirm(uow, reference, Permission.PUSH))


def publisher_of(who: Authenticated) -> Publisher:
    """Return what is kept with a file about who sent it."""
    name = who.token.username if who.token is not None else "anonymous"
    token_id = who.token.id if who.token is not None else None
    pipeline = who.token.pipeline if who.token and isinstance(who.actor, JobToken) else None
    identity = identity_of(who.token) if who.token is not None else None
    if identity is not None:
        pipeline = identity.pipeline
    kind = agent_of(who.actor).kind
    return Publisher(user_of(who.actor), token_id, name, pipeline, kind, identity)


def _answer(receipt: Receipt, project_id: int, deadline: float) -> Response:
    here = registry()
    with here.tracing.span(Span.VERDICT_WAIT):
        status = await_verdict(here.database, here.verdicts, receipt.upload_id, deadline)
    here.reach("verdict-known")
    match status:
        case UploadStatus.PUBLISHED if receipt.repeated:
            return jsonify({"message": "200 OK"})
        case UploadStatus.PUBLISHED:
            response = jsonify({"message": "201 Created"})
            response.status_code = HTTPStatus.CREATED
            return response
        case UploadStatus.REJECTED | UploadStatus.FAILED:
            return _refused(receipt.upload_id, status)
    response = jsonify({"message": "202 Accepted", "id": receipt.upload_id})
    response.status_code = HTTPStatus.ACCEPTED
    status_address = url_for(
        "uploads.status", reference=str(project_id), upload_id=receipt.upload_id
    )
    # The gateway may be below a path, of which nothing reaches us.
    response.headers["Location"] = f"{here.settings.http.base_path}{status_address}"
    return response


def _refused(upload_id: str, status: UploadStatus) -> Response:
    with registry().database.snapshot() as uow:
        verdict = uow.uploads.get(upload_id)
    problems = verdict.errors if verdict is not None else ()
    code = (
        HTTPStatus.BAD_REQUEST
        if status is UploadStatus.REJECTED
        else HTTPStatus.SERVICE_UNAVAILABLE
    )
    return answer(code, " ".join(problems) or "The file was refused", problems)


@blueprint.get("/api/v4/projects/<path:reference>/packages/pypi/uploads/<upload_id>")
def status(reference: str, upload_id: str) -> Response:
    """Tell how far an upload is, to its uploader and to developers and above; else 404."""
    here = registry()
    project, who = allowed_project(reference, Permission.SEE)
    with here.database.snapshot() as uow:
        found = uow.uploads.get(upload_id)
        if found is not None and found.project_id != project.id:
            found = None
        # Others must not learn whether there is such an upload.
        if found is None or not _sent_by(found, who):
            try:
                authorised_project(uow, who.actor, reference, Permission.SEE_UPLOADS, here.now())
            except NotAllowed as error:
                raise NotFound("Upload not found") from error
    if found is None:
        raise NotFound("Upload not found")
    shown = UploadStatus.RECEIVED if found.status is UploadStatus.RECEIVING else found.status
    return jsonify(
        {
            "id": found.id,
            "status": shown.value,
            "filename": found.filename,
            "errors": list(found.errors),
            "created_at": format_moment(found.created_at),
            "updated_at": format_moment(found.updated_at),
        }
    )


def _sent_by(upload: Upload, who: Authenticated) -> bool:
    if who.token is None:
        return False
    sender = upload.publisher
    return sender.token_id == who.token.id or (
        sender.user_id is not None and sender.user_id == user_of(who.actor)
    )


def _refuse_by_length() -> None:
    limits = registry().settings.limits
    if request.content_length is None:
        return
    if request.content_length > limits.file_size + limits.form_size:
        raise FileTooLarge(limits.file_size)


def _refuse_by_action() -> None:
    """Refuse a form that cannot have a file by its action, if it can be: `register` sends such."""
    if request.mimetype == "application/x-www-form-urlencoded":
        fields = read_urlencoded(request.stream, registry().settings.limits)
        check_action(fields, request.args)
