"""Links of a release mean what their labels mean (PEP 753)."""

import pytest

from wheelyard_core.domain.links import canonical_label, links_of

OLD, NEW, DOCS = "https://old.example", "https://new.example", ("Docs", "https://docs.example")


@pytest.mark.parametrize(
    ("label", "meaning"),
    [
        ("Homepage", "homepage"),
        ("Home-page", "homepage"),
        ("Home page", "homepage"),
        ("Change_Log", "changelog"),
        ("What's New?", "whatsnew"),
        ("Größe", "größe"),
        ("...", ""),
    ],
)
def test_a_label_means_the_same_however_it_is_spelled(label: str, meaning: str) -> None:
    assert canonical_label(label) == meaning


@pytest.mark.parametrize("label", ["homepage", "Home-Page", "HOME PAGE"])
def test_pep_753_a_project_url_wins_over_the_deprecated_field(label: str) -> None:
    assert links_of(OLD, [DOCS, (label, NEW)]) == (DOCS, (label, NEW))


def test_the_deprecated_field_is_shown_where_there_is_no_other() -> None:
    assert links_of(OLD, [DOCS]) == (("Homepage", OLD), DOCS)
    assert links_of(None, [DOCS]) == links_of("", [DOCS]) == (DOCS,)
