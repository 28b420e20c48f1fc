"""The links of a release, by the labels that core metadata gives them (PEP 753)."""

import string
from collections.abc import Iterable

_HOMEPAGE = "homepage"
_IGNORED = str.maketrans("", "", string.punctuation + string.whitespace)


def canonical_label(label: str) -> str:
    """Return what a label means, however it is spelled: `Home-Page` is `homepage`."""
    return label.translate(_IGNORED).lower()


def links_of(
    home_page: str | None, project_urls: Iterable[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Return labels and addresses; a Project-URL for the home page wins over Home-page."""
    urls = tuple(project_urls)
    if not home_page or any(canonical_label(label) == _HOMEPAGE for label, _ in urls):
        return urls
    return (("Homepage", home_page), *urls)
