"""The Flask application of this service."""

from flask import Flask

from wheelyard_web.errors import register_error_handlers
from wheelyard_api.uploads import views as uploads
from wheelyard_core.bootstrap import Registry


def create_app(registry: Registry) -> Flask:
    """Return the application over *registry*."""
    app = Flask("wheelyard_api", static_folder=None)
    app.extensions["wheelyard"] = registry
    # A redirect loses a POST's body with most clients: every address answers itself.
    app.url_map.merge_slashes = False
    register_error_handlers(app)
    app.register_blueprint(uploads.blueprint)
    return app
