"""What is put into an application when it is made, and what requests take out of it by its kind."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app
from flask.sansio.app import App

T = TypeVar("T")


def equip(app: App, *parts: object) -> None:
    """Put parts into *app*, one of a kind."""
    for found in parts:
        app.extensions[_key(type(found))] = found


def part(kind: type[T]) -> T:
    """Return the part of this kind of the application that answers the request."""
    found: T = current_app.extensions[_key(kind)]
    return found


def wrap(app: Flask, middleware: Callable[[Any], Any]) -> None:
    """Have *middleware* stand around *app*, outside of what stands there already."""
    app.wsgi_app = middleware(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way


def _key(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
