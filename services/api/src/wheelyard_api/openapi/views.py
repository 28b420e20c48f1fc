"""The address of the document."""

import json
from functools import cache

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

import wheelyard_core
from wheelyard_api.openapi.document import openapi

blueprint = Blueprint("openapi", __name__)


@blueprint.get("/api/v4/openapi.json")
def document() -> AnyResponse:
    """Describe the API; anybody may know it."""
    response = Response(_document(), content_type="application/json")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.add_etag()
    return response.make_conditional(request)


@cache
def _document() -> bytes:
    return json.dumps(openapi(wheelyard_core.__version__), separators=(",", ":")).encode()
