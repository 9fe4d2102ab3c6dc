"""What the context asks of the outside: a model that finds things on pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from schemas.problem import Problem, ProblemClass
from services.documents.ontology.concept import Concept
from services.documents.page import Page


class ModelUnavailable(Problem):
    """A model did not answer, or would not."""

    code: ClassVar[str] = "CLASSIFY_UNAVAILABLE"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 503
    title: ClassVar[str] = "The model did not classify the page"
    recovery: ClassVar[str] = "Capture the page again later; `headrace doctor` shows which model is asked."


class ModelSilent(ModelUnavailable):
    """A model gave no answer at all."""


class ModelResting(ModelUnavailable):
    """A model gave no answer several times in a row: it is not waited for."""

    code: ClassVar[str] = "MODEL_RESTING"
    title: ClassVar[str] = "The model does not answer and is left alone for a while"
    recovery: ClassVar[str] = (
        "`headrace doctor` shows which model is asked; once it answers, retry the job, or capture the page again."
    )


class InvalidOutput(Problem):
    """What a model says cannot be used, also after it was told why."""

    code: ClassVar[str] = "INVALID_OUTPUT"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The model's answer cannot be used"
    recovery: ClassVar[str] = "Look at the page yourself; if it happens often, choose another OPENAI_MODEL."


@dataclass(frozen=True, kw_only=True)
class Found:
    """A thing on a page: ``concept`` is None where nothing fits. Its properties passed their concept's check."""

    concept: Concept | None
    confidence: float
    properties: Mapping[str, Any] = field(default_factory=dict)


class Model(Protocol):
    """Says what a page is about. Nothing of what it returns is trusted further than its types."""

    name: str  # as provenance tells it
    prompt: str  # the version of what it is asked

    async def classify(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        """What is on the page, of these concepts only. Raises ``ModelUnavailable``, ``InvalidOutput``."""
