"""The tables of codes in READMEs: every problem that a context raises stands there, with a way out."""

import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

from infra.runtime.functions import topology
from infra.runtime.markdown import codes
from schemas.problem import Problem
from services import documents, intake
from services.documents import readme as of_documents
from services.intake import readme as of_intake

CONTEXTS = [(intake, of_intake.TOLD), (documents, of_documents.TOLD)]
WORDS = {"code", "title", "recovery"}
Told = dict[str, tuple[type[Problem], ...]]


def raised(context: ModuleType) -> set[type[Problem]]:
    """The problems whose classes stand in a context; one without words of its own is told as what it is a kind of."""
    modules = [
        importlib.import_module(one.name) for one in pkgutil.walk_packages(context.__path__, f"{context.__name__}.")
    ]
    return {
        thing
        for module in modules
        for _, thing in inspect.getmembers(module, inspect.isclass)
        if issubclass(thing, Problem) and thing.__module__ == module.__name__ and WORDS & set(vars(thing))
    }


@pytest.mark.parametrize(("context", "told"), CONTEXTS)
def test_every_problem_of_a_context_stands_in_its_table(context: ModuleType, told: Told) -> None:
    assert raised(context) - {kind for kinds in told.values() for kind in kinds} == set()


@pytest.mark.parametrize("service", ["intake", "documents"])
def test_every_code_has_a_way_out(service: str) -> None:
    for line in topology.readme(service)["codes"].splitlines()[2:]:
        code, where, title, way_out = line.strip("| ").split(" | ")
        assert code.strip("`").isupper()
        assert where
        assert not title.endswith(".")
        assert way_out.endswith(".")


def test_control_who_is_left_out_is_missed() -> None:
    told = codes({"HTTP": (of_documents.concept.ConceptNotFound,)})

    assert "`NOT_FOUND` | HTTP 404 | There is no concept with this id |" in told
    assert raised(documents) - {of_documents.concept.ConceptNotFound}
