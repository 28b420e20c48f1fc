"""entry_points.txt: whether it can be read, and whether its names are safe to write as scripts.

https://packaging.python.org/specifications/entry-points/
"""

import configparser
import re
from collections.abc import Iterator

from wheelyard_core.domain.wording import printable, quoted

# `module`, `module:object.attribute`, and the deprecated extras behind it.
_REFERENCE = re.compile(
    r"(?P<module>[\w.]+)\s*(?::\s*(?P<object>[\w.]+)\s*)?(?:\[(?P<extras>[^\[\]]*)\])?\s*"
)
# Installers write a file by the name of each of these.
_SCRIPT_GROUPS = frozenset({"console_scripts", "gui_scripts"})
_GROUP = re.compile(r"\w+(?:\.\w+)*")


def entry_point_problems(content: bytes, member: str) -> Iterator[str]:
    """Yield a sentence for each thing in entry_points.txt that breaks the specification."""
    parser = configparser.RawConfigParser(
        delimiters=("=",),
        # The specification has no section that others inherit from; this name cannot occur.
        default_section="]",
        empty_lines_in_values=False,
    )
    # Names are case-sensitive.
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # typeshed: python/mypy#708
    try:
        parser.read_string(content.decode())
    except UnicodeDecodeError:
        yield f"{member} is not UTF-8."
        return
    except configparser.Error as error:
        yield f"{member} is not a valid entry points file: {_one_line(error)}."
        return
    for group in parser.sections():
        if not _GROUP.fullmatch(group):
            yield f"{member} has a group with an invalid name: {quoted(group)}."
        for name, value in parser.items(group):
            if flaw := _flaw(group, name, value):
                # Words in square brackets do not show: pdm takes them for its mark-up.
                yield f"{member}: the entry point {quoted(name)} in {printable(group)} {flaw}."


def _flaw(group: str, name: str, value: str) -> str | None:
    if group in _SCRIPT_GROUPS and _is_path(name):
        return "has a name that is a path; scripts have plain names"
    match = _REFERENCE.fullmatch(value)
    if match is None or not _is_dotted(match["module"]):
        return f"refers to {quoted(value)}, which is not 'module:object'"
    if match["object"] is not None and not _is_dotted(match["object"]):
        return f"refers to {quoted(value)}, which is not 'module:object'"
    if group in _SCRIPT_GROUPS and match["object"] is None:
        return f"refers to {quoted(value)} without the function to call"
    return None


def _is_path(name: str) -> bool:
    return (
        name in {"", ".", ".."}
        or any(separator in name for separator in "/\\:")
        or not name.isprintable()
    )


def _is_dotted(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))


def _one_line(error: configparser.Error) -> str:
    return printable(str(error).replace("\n", " ").rstrip(". "))
