"""The Flask application of this service."""

from flask import Flask

from wheelyard_core.bootstrap import Registry
from wheelyard_indexer import files, pages
from wheelyard_web.errors import register_error_handlers


def create_app(registry: Registry) -> Flask:
    """Return the application over *registry*."""
    app = Flask("wheelyard_indexer", static_folder=None)
    app.extensions["wheelyard"] = registry
    app.extensions["wheelyard.pages"] = registry.pages()
    app.url_map.merge_slashes = False
    register_error_handlers(app)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(files.blueprint)
    return app
