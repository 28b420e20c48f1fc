"""`python -m scripts.dashboards` writes charts/wheelyard/dashboards anew."""

import json
from pathlib import Path
from typing import Final

from scripts.dashboards.data import DATA
from scripts.dashboards.model import Dashboard
from scripts.dashboards.overview import OVERVIEW
from scripts.dashboards.publish import PUBLISH
from scripts.dashboards.runtime import RUNTIME

DASHBOARDS: Final = (OVERVIEW, PUBLISH, DATA, RUNTIME)
FOLDER: Final = Path(__file__).parent.parent.parent / "charts" / "wheelyard" / "dashboards"


def file_of(dashboard: Dashboard) -> Path:
    """Return where a dashboard lies."""
    return FOLDER / f"{dashboard.name}.json"


def rendered(dashboard: Dashboard) -> str:
    """Return the file's content."""
    return json.dumps(dashboard.as_json(), indent=1) + "\n"


def main() -> None:
    """Write all of them."""
    for dashboard in DASHBOARDS:
        file_of(dashboard).write_text(rendered(dashboard))


if __name__ == "__main__":
    main()
