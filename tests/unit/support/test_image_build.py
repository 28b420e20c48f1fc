"""What `make images ARGS=--twice` says of two images."""

import re
from datetime import UTC, datetime
from pathlib import Path

from scripts.image import differences, reproducible

from wheelyard_core.settings import SETTINGS

ROOT = Path(__file__).parents[3]


def test_two_images_differ_by_each_file_that_is_not_the_same() -> None:
    first = {"0/etc/passwd": "644 a", "1/opt/a": "644 b", "1/opt/old": "644 c"}
    second = {"0/etc/passwd": "644 a", "1/opt/a": "600 b"}

    assert list(differences(first, second)) == [
        "1/opt/a: 644 b | 600 b",
        "1/opt/old: 644 c | is not there",
    ]


def test_an_image_says_when_its_commit_was_made_and_not_when_or_by_what_it_was_built() -> None:
    built = {
        "created": "2026-11-28T16:27:39.297100904Z",
        "container": "1f2e",
        "container_config": {"Cmd": ["/bin/sh"]},
        "config": {"User": "10001:10001", "Image": "sha256:1f2e"},
        "history": [
            {"created": "2026-01-02T03:04:05.678Z", "created_by": "apt-get"},
            {"created": "2026-11-28T16:27:38Z", "created_by": "COPY", "empty_layer": True},
        ],
        "rootfs": {"type": "layers", "diff_ids": ["sha256:a", "sha256:b"]},
    }

    assert reproducible(built, datetime(2026, 11, 20, 8, 0, 1, tzinfo=UTC)) == {
        "created": "2026-11-20T08:00:01Z",
        "config": {"User": "10001:10001"},
        "history": [
            {"created": "2026-11-20T08:00:01Z", "created_by": "apt-get"},
            {"created": "2026-11-20T08:00:01Z", "created_by": "COPY", "empty_layer": True},
        ],
        "rootfs": built["rootfs"],
    }


def test_an_image_gives_its_services_the_commit_that_its_label_names() -> None:
    shipped = (ROOT / "Dockerfile").read_text().rpartition("FROM ")[2]

    given = dict(re.findall(r"\b(WHEELYARD_\w+)=(\S+)", shipped))
    assert given["WHEELYARD_REVISION"] == "$REVISION"
    assert "org.opencontainers.image.revision=$REVISION" in shipped
    assert given.keys() <= SETTINGS.keys()
