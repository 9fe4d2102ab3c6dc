"""The OpenAPI document is one, by the specification and not only by the library that wrote it."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from schemas.generate import GENERATED

DOCUMENT: dict[str, Any] = json.loads((GENERATED / "openapi.json").read_text())
ROUTE = "/api/v1/crawl/{crawl_id}/status"


def faults(document: dict[str, Any]) -> list[str]:
    return [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]


def small() -> dict[str, Any]:
    """One route of the document with all it refers to: of the whole one, only the components take seconds."""
    components = {**DOCUMENT["components"], "schemas": {"Problem": DOCUMENT["components"]["schemas"]["Problem"]}}
    return copy.deepcopy({**DOCUMENT, "paths": {ROUTE: DOCUMENT["paths"][ROUTE]}, "components": components})


def test_the_document_is_as_the_specification_says() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert faults(DOCUMENT) == []


def unnamed(document: dict[str, Any]) -> list[str]:
    """Shapes that share a name, which are told apart by the modules their classes stand in."""
    return [name for name in document["components"]["schemas"] if "__" in name]


def test_every_shape_has_a_name_of_its_own() -> None:
    assert unnamed(DOCUMENT) == []


def test_control_a_shape_without_a_name_of_its_own_is_found() -> None:
    assert unnamed({"components": {"schemas": {"services__jobs__face__queues__Limits": {}, "QueueLimits": {}}}}) == [
        "services__jobs__face__queues__Limits"
    ]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda get: get["responses"].update({"200": {}}),
        lambda get: get["parameters"].clear(),
        lambda get: get.update(operationid="x"),
        lambda get: get["responses"]["200"]["content"]["application/json"].update(schema={"$ref": "#/components/no"}),
    ],
    ids=["an answer without words", "a parameter is missing", "a word that is none", "a reference to nowhere"],
)
def test_control_a_fault_in_the_document_is_found(spoil: Callable[[dict[str, Any]], object]) -> None:
    document = small()
    assert faults(document) == []
    spoil(document["paths"][ROUTE]["get"])

    try:
        found = faults(document)
    except Exception as error:  # noqa: BLE001  # a reference that leads nowhere ends the validation itself
        found = [str(error)]

    assert found
