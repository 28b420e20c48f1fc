"""Set what may change: everything, everything but files, or nothing."""

from wheelyard_core.domain.audit import Action, Agent, AuditEvent
from wheelyard_core.domain.operating import Mode, Operation
from wheelyard_core.ports import UnitOfWork


def set_mode(uow: UnitOfWork, agent: Agent, mode: Mode, reason: str | None) -> Operation:
    """Have *mode* hold from this commit on; return how the registry is operated then."""
    before = uow.operating.now()
    uow.operating.set_mode(mode, reason)
    uow.audit.record(
        AuditEvent(
            Action.MODE_CHANGED,
            agent,
            reason=reason,
            details={"changes": {"mode": {"from": before.mode.value, "to": mode.value}}},
        )
    )
    uow.commit()
    return uow.operating.now()
