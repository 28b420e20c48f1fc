"""The way in, by an Ingress or a HTTPRoute: uploads and files get through, and take their time."""

import re
from urllib.parse import unquote

import pytest
from tests.support.chart import Chart, Rendered

_NGINX = "nginx.ingress.kubernetes.io"
_SPLIT = ("ingress.rules.uploads.enabled=true", "ingress.rules.files.enabled=true")


def test_uploads_and_files_have_time_outs_of_their_own(examples: dict[str, Rendered]) -> None:
    route = examples["gitops"].of("HTTPRoute")["packages"]
    files, pages, uploads = route["spec"]["rules"]

    assert files["timeouts"] == uploads["timeouts"] == {"request": "0s"}
    assert pages["timeouts"] == {"request": "60s"}
    assert uploads["matches"][0]["method"] == "POST"


def test_one_ingress_lets_uploads_of_any_size_through(examples: dict[str, Rendered]) -> None:
    (ingress,) = examples["ha"].of("Ingress").values()
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]

    assert (path["path"], path["pathType"]) == ("/", "Prefix")
    assert ingress["metadata"]["annotations"] == {
        f"{_NGINX}/proxy-body-size": "0",
        f"{_NGINX}/proxy-request-buffering": "off",
        f"{_NGINX}/proxy-buffering": "off",
        f"{_NGINX}/proxy-read-timeout": "900",
        f"{_NGINX}/proxy-send-timeout": "900",
    }


def test_an_ingress_of_its_own_has_its_own_annotations(chart: Chart) -> None:
    sets = [
        *_SPLIT,
        'ingress.annotations={"a/body": "0", "a/wait": "900"}',
        'ingress.rules.pages.annotations={"a/wait": "60"}',
    ]
    notes = {
        name: one["metadata"]["annotations"]
        for name, one in chart.render("ha", sets=sets).of("Ingress").items()
    }

    assert notes.keys() == {"uploads", "files", "pages"}
    assert (notes["uploads"]["a/body"], notes["uploads"]["a/wait"]) == ("0", "900")
    assert (notes["pages"]["a/body"], notes["pages"]["a/wait"]) == ("0", "60")
    # Without it ingress-nginx takes an expression for a prefix.
    assert [name for name in notes if f"{_NGINX}/use-regex" in notes[name]] == ["files", "uploads"]


@pytest.mark.parametrize(
    ("ours", "address"),
    [
        ("uploads", "/api/v4/projects/1/packages/pypi"),
        ("uploads", "/api/v4/projects/team%2Fapp/packages/pypi/"),
        ("uploads", "/api/v4/projects/team%2Fsub%2Fapp/packages/pypi"),
        ("uploads", "/team/app/legacy"),
        ("uploads", "/team/sub/app/legacy/"),
        ("files", "/api/v4/projects/1/packages/pypi/files/00ff/a-1.0-py3-none-any.whl"),
        ("files", "/api/v4/projects/team%2Fapp/packages/pypi/files/00ff/a-1.0.tar.gz"),
        ("files", "/team/app/files/00ff/a-1.0.tar.gz.metadata"),
        ("pages", "/api/v4/projects/1/packages/pypi/simple/a/"),
        ("pages", "/team/app/files"),
        ("pages", "/team/legacy-app"),
    ],
)
def test_an_address_goes_by_its_own_rule(ours: str, address: str, chart: Chart) -> None:
    rules = {
        path["path"]: name
        for name, one in chart.render("ha", sets=_SPLIT).of("Ingress").items()
        for path in one["spec"]["rules"][0]["http"]["paths"]
    }
    # As ingress-nginx: the decoded path, from its beginning, and the longest expression first.
    # https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/
    found = next(
        rules[path]
        for path in sorted(rules, key=len, reverse=True)
        if re.match(path, unquote(address), re.IGNORECASE)
    )

    assert found == ours
