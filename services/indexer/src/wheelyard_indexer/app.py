"""The Flask application of this service."""

from flask import Flask

from wheelyard_core.bootstrap import Registry
from wheelyard_indexer import files, pages
from wheelyard_indexer.measuring import measure
from wheelyard_web.application import make_app


def create_app(registry: Registry) -> Flask:
    """Return the application over *registry*."""
    blueprints = [pages.blueprint, files.blueprint]
    app = make_app("wheelyard_indexer", registry, blueprints, needs_database=False)
    app.extensions["wheelyard.pages"] = registry.pages()
    measure(app, registry.metrics)
    return app
