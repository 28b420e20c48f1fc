"""What commands are given, parsed before anything is opened."""

from typing import Final

import click

from wheelyard_core.domain.texts import LONGEST, parse_text
from wheelyard_core.settings.forms import url_of

# The largest of the database's column.
LARGEST: Final = (1 << 63) - 1
_parse_url: Final = url_of("http", "https")


class Text(click.ParamType[str]):
    """A text of characters that can be shown; an argument that is not UTF-8 is none."""

    name = "text"

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest

    def convert(self, value: str, param: click.Parameter | None, _ctx: click.Context | None) -> str:
        """Return the text. Raises InvalidInput."""
        return parse_text(value, (param and param.name) or self.name, self._longest)


class Address(click.ParamType[str]):
    """An http or https address."""

    name = "address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the address without a slash at its end; refuse another argument."""
        try:
            return _parse_url(value)
        except ValueError as error:
            self.fail(f"it must be {error}", param, ctx)
