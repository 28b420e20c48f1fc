"""What `make images ARGS=--twice` says of two images."""

from scripts.image import differences


def test_two_images_differ_by_each_file_that_is_not_the_same() -> None:
    first = {"0/etc/passwd": "644 a", "1/opt/a": "644 b", "1/opt/old": "644 c"}
    second = {"0/etc/passwd": "644 a", "1/opt/a": "600 b"}

    assert list(differences(first, second)) == [
        "1/opt/a: 644 b | 600 b",
        "1/opt/old: 644 c | is not there",
    ]
