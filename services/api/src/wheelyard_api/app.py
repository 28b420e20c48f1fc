"""The Flask application of this service."""

from flask import Flask

from wheelyard_api import rest_packages
from wheelyard_api.uploads import views as uploads
from wheelyard_core.bootstrap import Registry
from wheelyard_web.application import make_app


def create_app(registry: Registry) -> Flask:
    """Return the application over *registry*."""
    return make_app("wheelyard_api", registry, [uploads.blueprint, rest_packages.blueprint])
