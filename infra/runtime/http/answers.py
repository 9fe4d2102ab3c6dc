"""What a route may answer, for the OpenAPI document: bodies as models, and problems by the classes that raise them."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from infra.postgres.away import DatabaseAway
from infra.runtime.auth.gate import CredentialsRefused, Unauthenticated
from infra.runtime.auth.refusals import RefusedTooOften
from infra.runtime.auth.scoped import ScopeMissing
from infra.runtime.http.guard import PayloadTooLarge, RequestTimeout
from infra.runtime.http.invalid import InvalidRequest, MalformedJson
from infra.runtime.http.problem_json import MEDIA_TYPE, SCHEMA
from infra.runtime.http.rate_limit import EXEMPT, RateLimited
from schemas.problem import Problem

Answers = dict[int | str, dict[str, Any]]

CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
OTHER: Answers = {"default": {"description": "Any other problem; `code` tells which.", "content": CONTENT}}
_ALONE = frozenset({"/livez", "/metrics"})  # these answer without the database
_FRAMEWORK = ("HTTPValidationError", "ValidationError")
_WITH_BODIES = frozenset({"post", "put", "patch"})


def body(model: type[BaseModel], *, status: int = 200) -> Answers:
    """The body of a good answer. It is told, not checked at each answer: tests compare what is answered with it."""
    return {status: {"model": model}}


def problems(*classes: type[Problem]) -> Answers:
    """The answers that these lead to; a status tells every code that leads to it."""
    made: Answers = {}
    for one in classes:
        _add(made, one)
    return made


def complete(document: dict[str, Any]) -> None:
    """Add to each route of a document what leads to problems before or below every route, and their schema."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = dict(SCHEMA)
    for name in _FRAMEWORK:
        schemas.pop(name, None)
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            told = operation["responses"]
            if _is_frameworks(told.get("422", {})):
                del told["422"]
            for one in _common(path, verb, operation):
                _add(told, one)
            operation["responses"] = dict(sorted((status, _alone(answer)) for status, answer in told.items()))


def _common(path: str, verb: str, operation: Mapping[str, Any]) -> Iterator[type[Problem]]:
    if "requestBody" in operation:
        yield from (MalformedJson, RequestTimeout)
    if verb in _WITH_BODIES:
        yield PayloadTooLarge
    if "requestBody" in operation or any(one["in"] == "query" for one in operation.get("parameters", ())):
        yield InvalidRequest
    if "security" in operation:
        yield from (Unauthenticated, CredentialsRefused, RefusedTooOften, ScopeMissing)
    if path not in EXEMPT:
        yield RateLimited
    if path not in _ALONE:
        yield DatabaseAway


def _add(told: dict[Any, Any], problem: type[Problem]) -> None:
    status = str(int(problem.status))
    line = f"`{problem.code}`: {problem.title}."
    before = told.get(status, {}).get("description", "")
    if line not in before.split("\n"):
        told[status] = {"description": f"{before}\n{line}".strip(), "content": CONTENT}


def _is_frameworks(answer: Mapping[str, Any]) -> bool:
    return any(name in str(answer) for name in _FRAMEWORK)


def _alone(answer: dict[str, Any]) -> dict[str, Any]:
    # what a route's annotation says of its body is less than what a schema by name says
    for content in answer.get("content", {}).values():
        if "$ref" in content.get("schema", {}) and len(content["schema"]) > 1:
            content["schema"] = {"$ref": content["schema"]["$ref"]}
    return answer
