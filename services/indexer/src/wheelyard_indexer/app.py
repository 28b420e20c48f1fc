"""The Flask application of this service, and the memory in front of it."""

from flask import Flask

from wheelyard_core.adapters.cache.epoch import ACCESS_EPOCH
from wheelyard_core.bootstrap import Registry
from wheelyard_indexer import files, pages, provenance
from wheelyard_indexer.hot import HotPath
from wheelyard_indexer.measuring import measure, measured_hits
from wheelyard_indexer.memory import Memory, Room
from wheelyard_indexer.remembering import Outage
from wheelyard_indexer.sending import Sender
from wheelyard_web.application import make_app
from wheelyard_web.parts import equip, wrap
from wheelyard_web.watching import Origin


def create_app(registry: Registry) -> Flask:
    """Return the application over *registry*."""
    blueprints = [pages.blueprint, files.blueprint, provenance.blueprint]
    app = make_app("wheelyard_indexer", registry, blueprints, needs_database=False)
    measure(app, registry.metrics)
    http = registry.settings.http
    memory = Memory(registry.tracking(), ACCESS_EPOCH, Room(http.page_memory, http.file_memory))
    handover = http.presign_seconds if http.downloads == "gateway" else None
    sender = Sender(registry.blobs, memory, handover)
    equip(app, registry.pages(), registry.group_pages(), memory, sender, Outage())
    hits, origin = measured_hits(registry.metrics), Origin(http.trusted_proxies)
    wrap(app, lambda inner: HotPath(inner, sender, hits, origin))
    return app
