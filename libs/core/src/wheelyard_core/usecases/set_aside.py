"""What a person does with work that was set aside."""

from wheelyard_core.domain.audit import ADMIN_COMMAND, Action, AuditEvent
from wheelyard_core.domain.catalogue import FileStatus
from wheelyard_core.domain.errors import NotFound
from wheelyard_core.domain.work import SetAside, Task
from wheelyard_core.ports import Database, UnitOfWork
from wheelyard_core.usecases.verify import settle_refused


def find_set_aside(uow: UnitOfWork, message_id: int) -> SetAside:
    """Return the message of this number, or raise NotFound."""
    for message in uow.outbox_admin.list_set_aside():
        if message.message_id == message_id:
            return message
    raise NotFound(f"No message {message_id} is set aside")


def replay(database: Database, message_id: int) -> None:
    """Offer the message again, with its attempts forgotten. Raises NotFound."""
    with database.begin() as uow:
        message = find_set_aside(uow, message_id)
        uow.outbox_admin.replay(message_id)
        _record(uow, Action.WORK_REPLAYED, message)
        uow.commit()


def discard(database: Database, message_id: int) -> None:
    """Forget the message. Raises NotFound.

    A file that nobody will decide about gives its name back, and its bytes go.
    """
    with database.begin() as uow:
        message = find_set_aside(uow, message_id)
        if message.task is Task.VERIFY:
            _drop_file(uow, int(message.arguments["file_id"]))
        uow.outbox.done(message_id)
        _record(uow, Action.WORK_DISCARDED, message)
        uow.commit()


def _record(uow: UnitOfWork, action: Action, message: SetAside) -> None:
    details = {
        "message_id": message.message_id,
        "task": message.task.value,
        "arguments": dict(message.arguments),
    }
    uow.audit.record(AuditEvent(action, ADMIN_COMMAND, details=details))


def _drop_file(uow: UnitOfWork, file_id: int) -> None:
    file = uow.files.get(file_id)
    if file is None:
        return
    uow.files.lock(file.project_id, file.package)
    file = uow.files.get(file_id)
    if file is None or file.status is not FileStatus.RECEIVED:
        return
    settle_refused(uow, file, ("The operators gave the file up; upload it again",))
