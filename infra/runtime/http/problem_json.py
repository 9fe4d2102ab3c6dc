"""Problems as RFC 9457 JSON."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from schemas.problem import Problem

MEDIA_TYPE = "application/problem+json"
SCHEMA: Mapping[str, Any] = {
    "title": "Problem",
    "description": "An RFC 9457 problem; some have further members.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened this time."},
        "code": {"type": "string", "description": "The kind of problem; it never changes."},
        "recovery": {"type": "string", "description": "What to do about it."},
        "instance": {"type": "string", "description": "The path that was asked."},
        "errors": {
            "type": "array",
            "description": "Every wrong field, where fields are wrong.",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                "required": ["field", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code", "recovery"],
    "additionalProperties": True,
}
"""The body of every error."""

_NO_HEADERS: Mapping[str, str] = {}


def problem_response(problem: Problem, *, instance: str = "", headers: Mapping[str, str] = _NO_HEADERS) -> Response:
    """The problem as an answer, with ``Retry-After`` where waiting helps."""
    body: dict[str, Any] = {
        "type": f"https://headrace.dev/problems/{problem.code.lower().replace('_', '-')}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "recovery": problem.recovery,
    }
    if instance:
        body["instance"] = instance
    waiting = {"Retry-After": str(max(1, math.ceil(problem.retry_after)))} if problem.retry_after else {}
    return json_response(body | problem.extra, status=problem.status, headers={**waiting, **headers})


def json_response(body: Mapping[str, Any], *, status: int, headers: Mapping[str, str]) -> Response:
    """A body that is a problem already."""
    return Response(msgspec.json.encode(body), status_code=status, media_type=MEDIA_TYPE, headers=dict(headers))
