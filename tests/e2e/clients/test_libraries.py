"""Libraries read our pages without a complaint: a warning is an error, and what they read is true.

A table of docs/CLIENTS.md is made of it, as of the corners.
"""

import hashlib
import json

import pytest
from tests.e2e.clients.desk import Desk
from tests.e2e.clients.matrix import of
from tests.support.distributions import ADistribution

pytestmark = [pytest.mark.e2e, pytest.mark.integration]

DEMO = ADistribution()
PYTHON = DEMO.versioned("1.1").requiring_python(">=3.8, <4")
YANKED = DEMO.versioned("1.2")
REASON = "Broken & \"bad\" <b>, 'really'"

# Each prints, of every file: name, sha256, requires-python, why yanked, sha256 of the metadata.
PYPI_SIMPLE = """
import json, sys
from pypi_simple import ACCEPT_HTML_ONLY, ACCEPT_JSON_ONLY, PyPISimple
index, username, secret = sys.argv[1:]
with PyPISimple(index, auth=(username, secret)) as client:
    for accept in ACCEPT_JSON_ONLY, ACCEPT_HTML_ONLY:
        assert client.get_index_page(accept=accept).projects == ["demo"]
        page = client.get_project_page("demo", accept=accept)
        assert page.repository_version == "1.4"
        print(json.dumps([
            [p.filename, p.digests["sha256"], p.requires_python, p.yanked_reason,
             p.metadata_digests["sha256"]] for p in page.packages
        ]))
        for package in page.packages:
            assert client.get_package_metadata(package).startswith("Metadata-Version: 2.4")
            client.download_package(package, package.filename)
"""
MOUSEBENDER = """
import base64, json, sys, urllib.request, warnings
from mousebender import simple
index, username, secret = sys.argv[1:]
basic = "Basic " + base64.b64encode(f"{username}:{secret}".encode()).decode()
def read(address, accept):
    headers = {"Authorization": basic, "Accept": accept}
    # It knows HTML up to version 1.1, and warns of a newer minor one as PEP 629 asks.
    warnings.filterwarnings("ignore", "Unsupported API minor version: '1.4'")
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
        return answer.read().decode(), answer.headers["Content-Type"]
for accept in simple.ACCEPT_SUPPORTED, simple.ACCEPT_HTML:
    root = simple.parse_project_index(*read(index + "/", accept))
    assert [project["name"] for project in root["projects"]] == ["demo"]
    address = simple.create_project_url(index + "/", "demo")
    page = simple.parse_project_details(*read(address, accept), "demo")
    print(json.dumps([
        [f["filename"], f["hashes"]["sha256"], f.get("requires-python"), f.get("yanked"),
         f["core-metadata"]["sha256"]] for f in page["files"]
    ]))
"""
UNEARTH = """
import json, sys
from unearth import PackageFinder
index, username, secret = sys.argv[1:]
finder = PackageFinder(index_urls=[index.replace("://", f"://{username}:{secret}@")])
packages = finder.find_all_packages("demo", allow_yanked=True)
print(json.dumps([
    [p.link.filename, p.link.hashes["sha256"], p.link.requires_python, p.link.yank_reason,
     p.link.dist_info_metadata["sha256"]] for p in packages
]))
best = finder.find_best_match("demo").best
assert best.version == "1.1", best
finder.download(best.link, ".")
"""
SCRIPTS = {"pypi-simple": PYPI_SIMPLE, "mousebender": MOUSEBENDER, "unearth": UNEARTH}


def told(distribution: ADistribution, python: str | None, yanked: str | None) -> list[str | None]:
    wheel, metadata = distribution.wheel(), distribution.core_metadata()
    digest = hashlib.sha256(metadata).hexdigest()
    return [wheel.filename, wheel.sha256, python, yanked, digest]


@of(*SCRIPTS)
def test_a_library_reads_what_is_true(desk: Desk) -> None:
    """JSON and HTML say the same, without a warning but mousebender's, which knows HTML to 1.1."""
    desk.has(DEMO, PYTHON, YANKED)
    desk.yank("demo", "1.2", REASON)
    expected = [told(DEMO, None, None), told(PYTHON, ">=3.8, <4", None), told(YANKED, None, REASON)]

    who = (desk.index_url, desk.username, desk.secret)
    read = desk.run("python", "-W", "error", "-c", SCRIPTS[desk.client], *who).succeeded()

    assert read.output.strip()
    for line in read.output.splitlines():
        assert sorted(json.loads(line)) == expected
