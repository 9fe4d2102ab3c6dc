"""The OpenAPI document says what errors and results look like."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.runtime.http.app import create_app
from tests.contract.http.house import OURS, Full, House, house
from tests.gates import OpenGate

ROOT = Path(__file__).parents[3]
REFERENCE = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads((ROOT / "schemas/generated/openapi.json").read_text())


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            yield f"{verb} {path}", operation


def undocumented(document: Any) -> list[str]:
    """Operations that do not tell their errors as problems."""
    told = {name: operation["responses"] for name, operation in operations(document)}
    return [name for name, one in told.items() if any(one.get(k, {}).get("content") != REFERENCE for k in _all(name))]


def _all(name: str) -> tuple[str, ...]:
    return ERRORS if "/api/" in name else ("default",)


ERRORS = ("429", "503", "default")


def test_every_route_tells_its_errors_as_problems(document: Any) -> None:
    assert len(list(operations(document))) > 10
    assert undocumented(document) == []
    assert "HTTPValidationError" not in json.dumps(document)


def test_control_a_route_without_errors_is_noticed() -> None:
    assert undocumented({"paths": {"/a": {"get": {"responses": {"200": {}}}}}}) == ["get /a"]


def test_a_face_of_one_service_has_the_schema_too() -> None:
    made = create_app(title="house", gate=OpenGate(), routers=[House().routes()], public=OURS).openapi()

    assert undocumented(made) == []
    assert "Problem" in made["components"]["schemas"]


async def test_an_answer_has_the_members_that_are_promised(document: Any) -> None:
    schema = document["components"]["schemas"]["Problem"]

    async with house() as at:
        at.trouble = Full("12 of 12 are taken")
        _, full, _ = await at.ask("GET", "/trouble")
        _, nowhere, _ = await at.ask("GET", "/nowhere")
        _, wrong, _ = await at.ask("POST", "/parsed", json={"url": "u", "count": 0})

    for body in (full, nowhere, wrong):
        assert set(schema["required"]) <= set(body) <= set(schema["properties"])


def test_a_result_is_lines_of_json(document: Any) -> None:
    told = document["paths"]["/api/v1/crawl/{crawl_id}/result"]["get"]["responses"]["200"]["content"]

    assert list(told) == ["application/x-ndjson"]
