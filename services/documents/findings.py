"""What a model finds on a page, as it is kept; no model's failure is raised."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid5

from schemas.problem import Problem
from services.documents.judgement import Judged, judged
from services.documents.ontology.concept import UNKNOWN, Concept
from services.documents.page import Page
from services.documents.ports import Found, InvalidOutput, Model, ModelUnavailable

NO_CONCEPTS = "NO_CONCEPTS"


async def findings(model: Model, page: Page, offered: Sequence[Concept]) -> tuple[list[Judged], list[dict[str, Any]]]:
    """What is kept of what the model says, and warnings. What nobody could say is ``unknown``, and a warning."""
    if not offered:
        told = "No concept is classifiable: make one with POST /api/v1/ontology/concepts and run the job again."
        return [], [{"code": NO_CONCEPTS, "detail": told}]
    try:
        return judged(await model.classify(page, offered), page, offered)
    except (ModelUnavailable, InvalidOutput) as problem:
        return [Judged(Found(concept=None, confidence=0.0), needs_review=True)], [_warning(problem)]


def _warning(problem: Problem) -> dict[str, Any]:
    return {"code": problem.code, "detail": problem.detail, "recovery": problem.recovery}


def resource_row(page: Page, one: Judged, place: int, *, model: Model, version: int, now: datetime) -> dict[str, Any]:
    """A resource as it is stored; ``version`` is the ontology's. Its id follows from page, attempt and place."""
    concept = one.found.concept
    of_page = ("tenant", "job_id", "document_id", "attempt", "source_id", "url", "title")
    return {
        "id": uuid5(page.document_id or page.job_id, f"{page.attempt}/{place}"),
        **{name: getattr(page, name) for name in of_page},
        "concept_id": concept.id if concept else None,
        "label": concept.name if concept else UNKNOWN,
        "confidence": one.found.confidence,
        "model": model.name,
        "needs_review": one.needs_review,
        "properties": dict(one.found.properties),
        "provenance": {
            "objects": dict(page.objects),
            "prompt_version": model.prompt,
            "ontology_version": version,
            "captured_at": page.captured_at,
            "classified_at": now,
        },
        "created_at": now,
    }
