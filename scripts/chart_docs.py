"""Write the tables of charts/wheelyard/README.md from schema and values: `make generate`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

CHART: Final = Path(__file__).parents[1] / "charts" / "wheelyard"
PAGE: Final = CHART / "README.md"
_BEGIN: Final = "<!-- Written by `make generate` from values.schema.json and values.yaml. -->"
_END: Final = "<!-- Until here. -->"
# Described once for all, and then for each only what it has beside.
_SHAPES: Final = frozenset({"component", "served", "group", "once"})
_LONG: Final = 60
Schema = dict[str, Any]


def rendered() -> str:
    """Return the page as it should be."""
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    after = rest.partition(_END)[2]
    return f"{before}{_BEGIN}\n\n{_tables()}\n{_END}{after}"


def _tables() -> str:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    definitions: Schema = schema["definitions"]
    parts = []
    for key, part in schema["properties"].items():
        if _shape_of(part) or key in {"worker", "smoke", "robot"}:
            continue
        rows = list(_rows(key, _found(part, definitions), values[key], definitions))
        parts += _table(f"`{key}`", part.get("description", ""), rows)
    component = definitions["component"]
    rows = list(_rows("", component, values["defaults"], definitions))
    parts += _table(
        "Components",
        "`defaults`, `gateway`, `api`, `indexer`, `scheduler`, `migrate`, `smoke`, `robot`, "
        "`worker.defaults` and each of `worker.groups` have these keys; what a component does not "
        "say is that of `defaults`, and what a group does not say first that of "
        "`worker.defaults`. `migrate`, `smoke` and `robot` run and end, and have those of pods "
        "only. A probe of another kind stands instead of the chart's `httpGet`.",
        rows,
    )
    rows = [
        *_rows("…service", definitions["keys"]["service"], {}, definitions),
        ("worker.groups.…queues", definitions["keys"]["queues"]["description"], "required"),
        (
            "worker.groups.…concurrency",
            definitions["keys"]["concurrency"]["description"],
            "required",
        ),
        *(
            (f"{part}.{key}", text["description"], _shown(values[part][key]))
            for part in ("smoke", "robot")
            for key, text in schema["properties"][part]["properties"].items()
            if "description" in text
        ),
    ]
    parts += _table("Of some components", "`service`: gateway, api and indexer.", rows)
    return "\n".join(parts)


def _rows(
    path: str, part: Schema, value: Any, definitions: Schema
) -> Iterator[tuple[str, str, str]]:
    part = _found(part, definitions)
    children = part.get("properties", {})
    if children and all(
        _found(child, definitions)["description"] == "As in Kubernetes."
        for child in children.values()
    ):
        children = {}
    if not children:
        yield path, part["description"], _shown(value)
        return
    known = value if isinstance(value, dict) else {}
    for key, child in children.items():
        below = f"{path}.{key}" if path else key
        yield from _rows(below, child, known.get(key, ""), definitions)


def _found(part: Schema, definitions: Schema) -> Schema:
    while "$ref" in part:
        found: Any = {"definitions": definitions}
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def _shape_of(part: Schema) -> bool:
    return str(part.get("$ref", "")).rpartition("/")[2] in _SHAPES


def _shown(value: Any) -> str:
    if value in ("", None, [], {}):
        return ""
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    # A table ends its cell at a bar, in code as well.
    text = text.replace("|", "\\|")
    return f"`{text}`" if len(text) <= _LONG else "see values.yaml"


def _table(title: str, text: str, rows: list[tuple[str, str, str]]) -> list[str]:
    lines = [f"### {title}", "", *([text, ""] if text and len(rows) > 1 else [])]
    lines += ["| key | default | meaning |", "| --- | --- | --- |"]
    lines += [
        f"| `{key}` | {default} | {meaning} |".replace("|  |", "| |")
        for key, meaning, default in rows
    ]
    return [*lines, ""]


if __name__ == "__main__":
    PAGE.write_text(rendered())
