"""Write docs/ERRORS.md: every refusal that the code can make, as it is written there.

`python -m scripts.refusals` writes the page; a test holds it to the code.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import wheelyard_api.app
import wheelyard_indexer.app
from wheelyard_core.domain.errors import AuthenticationRequired, RegistryError
from wheelyard_web.errors import STATUS_OF

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "ERRORS.md"
_SOURCES: Final = ("libs", "services")
# Imported for the refusals that they define.
_APPLICATIONS: Final = (wheelyard_api.app, wheelyard_indexer.app)
# The problems of an archive are collected, or yielded, before they are one refusal.
_COLLECTED: Final = frozenset({"add", "stop"})
_FORMATS: Final = Path("libs/core/src/wheelyard_core/formats")
# They return why credentials do not count.
_REASONS: Final = frozenset({"refusal", "_wrong_channel"})
_PROBLEM: Final = "invalid_distribution"
_HEAD: Final = """\
# Errors

Every sentence with which a Wheelyard refuses something, by the code of the refusal; `…` stands for
what differs. [The API](API.md#refusals) tells what the answer looks like. This page is written by
`python -m scripts.refusals` from the code, and a test holds it to that.
"""


@dataclass(frozen=True, slots=True, order=True)
class Refusal:
    """A sentence and the code of its kind."""

    code: str
    sentence: str


def refusals() -> set[Refusal]:
    """Return all refusals of the source code."""
    kinds = {kind.__name__: kind.code for kind in _kinds(RegistryError)}
    found: set[Refusal] = set()
    for folder in _SOURCES:
        for file in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(file.read_text())
            spelled = ast.fix_missing_locations(_Spelled(tree).visit(tree))
            found.update(_in_module(file.relative_to(ROOT), spelled, kinds))
    return found


def rendered() -> str:
    """Return the page."""
    found = refusals()
    lines = [_HEAD]
    for kind, status in STATUS_OF.items():
        sentences = sorted(one.sentence for one in found if one.code == kind.code)
        if not sentences:
            continue
        lines += [f"## {kind.code}", "", f"{status.value}: {_first_line(kind)}", ""]
        lines += [*(f"- {sentence}" for sentence in sentences), ""]
    return "\n".join(lines)


def _kinds(kind: type[RegistryError]) -> Iterator[type[RegistryError]]:
    yield kind
    for special in kind.__subclasses__():
        yield from _kinds(special)


def _first_line(kind: type[RegistryError]) -> str:
    return (kind.__doc__ or "").partition("\n")[0]


class _Spelled(ast.NodeTransformer):
    """Puts the texts that a module names in place of their names."""

    def __init__(self, tree: ast.Module) -> None:
        self._texts: dict[str, ast.Constant] = {}
        for node in tree.body:
            match node:
                case (
                    ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str()) as text)
                    | ast.Assign(
                        targets=[ast.Name(id=name)], value=ast.Constant(value=str()) as text
                    )
                ):
                    self._texts[name] = text

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return the text of a name that is read, and the name of anything else."""
        is_read = isinstance(node.ctx, ast.Load)
        return self._texts.get(node.id, node) if is_read else node


def _in_module(file: Path, tree: ast.Module, kinds: dict[str, str]) -> Iterator[Refusal]:
    archives = file.is_relative_to(_FORMATS)
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=func, args=[text, *_]) if _name(func) in kinds:
                yield from _refusal(kinds[_name(func)], text)
            case ast.ClassDef(name=name) if name in kinds:
                yield from _said_by_itself(node, kinds[name])
        yield from _of_credentials(node)
        if archives:
            yield from _of_an_archive(node)


def _of_credentials(node: ast.AST) -> Iterator[Refusal]:
    """Yield why credentials do not count, which is told where they would have to."""
    match node:
        case ast.Call(func=ast.Name(id="Anonymous"), args=[text, *_]):
            yield from _refusal(AuthenticationRequired.code, text)
        case ast.FunctionDef(name=name) if name in _REASONS:
            for said in ast.walk(node):
                if isinstance(said, ast.Return) and said.value is not None:
                    yield from _refusal(AuthenticationRequired.code, said.value)


def _of_an_archive(node: ast.AST) -> Iterator[Refusal]:
    match node:
        case ast.Raise(exc=ast.Call(args=[text])) | ast.Expr(value=ast.Yield(value=text)) if text:
            yield from _refusal(_PROBLEM, text)
        case ast.Call(func=ast.Attribute(attr=attr), args=[text]) if attr in _COLLECTED:
            yield from _refusal(_PROBLEM, text)


def _said_by_itself(kind: ast.ClassDef, code: str) -> Iterator[Refusal]:
    """Yield what a refusal's own `__init__` says."""
    for node in ast.walk(kind):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="__init__", value=ast.Call(func=ast.Name(id="super"))),
                args=[text, *_],
            ):
                yield from _refusal(code, text)


def _name(func: ast.expr) -> str:
    return func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")


def _refusal(code: str, text: ast.expr) -> Iterator[Refusal]:
    if isinstance(text, ast.BoolOp):
        for value in text.values:
            yield from _refusal(code, value)
        return
    sentence = re.sub("…+", "…", " ".join(_words(text).split()))
    # A sentence that is nothing but what differs is written elsewhere.
    if any(char.isalpha() for char in sentence.replace("…", "")) and " " in sentence:
        yield Refusal(code, sentence.replace("|", "\\|").replace("<", "\\<").replace("*", "\\*"))


def _words(text: ast.expr) -> str:
    match text:
        case ast.Constant(value=str(words)):
            return words
        case ast.FormattedValue(value=ast.Constant(value=str(words)), conversion=-1):
            return words
        case ast.JoinedStr(values=parts):
            return "".join(_words(part) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _words(left) + _words(right)
        case _:
            return "…"


if __name__ == "__main__":
    PAGE.write_text(rendered())
