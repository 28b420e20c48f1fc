"""Take each template of the chart away in turn, and see a test fail.

`python -m scripts.chart_mutations`
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[1]
# What a test reads beside the chart.
_BESIDE: Final = ("deploy", "docs", "scripts", "tests", "pyproject.toml")
_SECONDS: Final = 900


def main() -> int:
    """Return how many templates nobody would miss."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in (*_BESIDE, "charts"):
            source = _ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, symlinks=True)
            else:
                shutil.copy(source, copy / name)
        templates = sorted((copy / "charts" / "wheelyard" / "templates").iterdir())
        unmissed = [template.name for template in templates if not _is_missed(copy, template)]
    for name in unmissed:
        print(f"nobody misses {name}")
    print(f"{len(templates)} templates, of which {len(unmissed)} are not missed")
    return len(unmissed)


def _is_missed(copy: Path, template: Path) -> bool:
    content = template.read_bytes()
    template.unlink()
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-x",
                "-q",
                "-n",
                "0",
                "-p",
                "no:cacheprovider",
                "tests/chart",
            ],
            cwd=copy,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    finally:
        template.write_bytes(content)
    verdict = "missed" if done.returncode == 1 else f"NOT missed: {done.returncode}"
    print(f"{template.name}: {verdict}", flush=True)
    return done.returncode == 1


if __name__ == "__main__":
    sys.exit(min(main(), 1))
