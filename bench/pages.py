"""What it costs to render a page of many files, and to load one that is stored."""

from timeit import repeat

from bench.figures import Figure, Report, at_most
from tests.unit.core.simple.samples import a_large_page

from wheelyard_core.simple.render import dump, load, render

_LOADS = 100


def measure_pages(report: Report) -> None:
    large, stored = a_large_page(10_000), dump(render(a_large_page(100)))

    rendering = min(repeat(lambda: render(large), number=1, repeat=3))
    loading = min(repeat(lambda: load(stored), number=_LOADS, repeat=20)) / _LOADS

    report.begin("pages, in this process")
    report.add(Figure("rendering 10,000 files", rendering, "s", target=at_most(1)))
    report.add(Figure("loading 100 files", 1e6 * loading, "us", target=at_most(50)))
