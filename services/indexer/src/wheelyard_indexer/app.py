"""The Flask application of this service, and the memory in front of it."""

from flask import Flask

from wheelyard_core.adapters.cache.epoch import ACCESS_EPOCH
from wheelyard_core.bootstrap import Registry
from wheelyard_indexer import files, pages
from wheelyard_indexer.hot import HotPath
from wheelyard_indexer.measuring import measure, measured_hits
from wheelyard_indexer.memory import Memory
from wheelyard_web.application import make_app
from wheelyard_web.watching import Origin


def create_app(registry: Registry) -> Flask:
    """Return the application over *registry*."""
    blueprints = [pages.blueprint, files.blueprint]
    app = make_app("wheelyard_indexer", registry, blueprints, needs_database=False)
    app.extensions["wheelyard.pages"] = registry.pages()
    measure(app, registry.metrics)
    memory = Memory(registry.tracking(), ACCESS_EPOCH, registry.settings.http.page_memory)
    app.extensions["wheelyard.memory"] = memory
    hits = measured_hits(registry.metrics)
    origin = Origin(registry.settings.http.trusted_proxies)
    app.wsgi_app = HotPath(app.wsgi_app, memory, hits, origin)  # type: ignore[method-assign]  # Flask's own way
    return app
