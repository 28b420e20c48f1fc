"""The Flask application of this service."""

from flask import Flask

from wheelyard_api import maintenance, oidc
from wheelyard_api.openapi import views as openapi
from wheelyard_api.people import views as people
from wheelyard_api.rest import administration, packages
from wheelyard_api.rest.whole_ids import keep_ids_whole
from wheelyard_api.uploads import views as uploads
from wheelyard_core.bootstrap import Registry
from wheelyard_web.application import make_app


def create_app(registry: Registry) -> Flask:
    """Return the application over *registry*."""
    blueprints = [
        uploads.blueprint,
        packages.blueprint,
        oidc.blueprint,
        *administration.BLUEPRINTS,
        openapi.blueprint,
        people.blueprint,
    ]
    app = make_app("wheelyard_api", registry, blueprints)
    oidc.enable(app, registry)
    maintenance.enable(app)
    keep_ids_whole(app)
    return app
