"""The OpenAPI document says what is served, in OpenAPI's own words."""

import re
from pathlib import Path

import pytest
from openapi_spec_validator import validate
from tests.test_documentation import addresses_served

from wheelyard_api.openapi.document import SECTIONS, openapi

OPERATIONS = [operation for section in SECTIONS.values() for operation in section]


def test_the_document_is_valid() -> None:
    validate(openapi("1.0"))


def test_every_address_is_described_and_every_description_has_its_address(tmp_path: Path) -> None:
    described = [
        (operation.method.upper(), re.sub(r"\{\w+\}", ":", operation.address))
        for operation in OPERATIONS
    ]

    assert len(described) == len(set(described))
    assert sorted(described) == sorted(set(addresses_served(tmp_path)))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.address}")
def test_every_operation_says_what_it_answers(operation: object) -> None:
    document = openapi("1.0")
    described = document["paths"][operation.address][operation.method]  # type: ignore[attr-defined]  # parametrized

    # What a form is sent to leads on to a page.
    assert any(status[0] == "2" or status == "303" for status in described["responses"])
    assert described["summary"]
