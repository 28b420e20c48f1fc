"""How a publisher is kept in a JSON column."""

from wheelyard_core.adapters.db.models import Document
from wheelyard_core.domain.audit import AgentKind
from wheelyard_core.domain.catalogue import Publisher
from wheelyard_core.domain.trusted import Identity


def to_document(publisher: Publisher) -> Document:
    """Return the column's value."""
    return {
        "user_id": publisher.user_id,
        "token_id": publisher.token_id,
        "name": publisher.name,
        "pipeline": dict(publisher.pipeline) if publisher.pipeline else None,
        "kind": publisher.kind.value,
        "identity": publisher.identity.document() if publisher.identity else None,
    }


def from_document(document: Document) -> Publisher:
    """Return the publisher that was kept."""
    return Publisher(
        document["user_id"],
        document["token_id"],
        document["name"],
        document["pipeline"],
        AgentKind(document["kind"]),
        Identity.read(identity) if (identity := document.get("identity")) else None,
    )
