"""What an ontology must be as a whole: names once, parents that exist, no circles, not too much."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from schemas.problem import Problem
from services.documents.ontology.concept import Concept, key_of

MOST = 500
MOST_CLASSIFIABLE = 100  # each is a tool that a model is offered


class ConceptExists(Problem):
    """A name is taken."""

    code: ClassVar[str] = "CONCEPT_EXISTS"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "There is a concept of this name already"
    recovery: ClassVar[str] = "Choose another name, or change the one there is with PUT."


class ParentUnknown(Problem):
    """A concept names a parent that is not there."""

    code: ClassVar[str] = "PARENT_UNKNOWN"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "There is no concept that is named as parent"
    recovery: ClassVar[str] = "Make the broader concept first, or name one there is."


class ConceptCycle(Problem):
    """A concept would be broader than itself."""

    code: ClassVar[str] = "CONCEPT_CYCLE"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "A concept would stand below itself"
    recovery: ClassVar[str] = "Choose a parent that does not stand below this concept."


class OntologyFull(Problem):
    """More concepts than an ontology takes."""

    code: ClassVar[str] = "ONTOLOGY_FULL"
    status: ClassVar[int] = 409
    title: ClassVar[str] = f"An ontology has at most {MOST} concepts, {MOST_CLASSIFIABLE} of them classifiable"
    recovery: ClassVar[str] = "Remove concepts, or make those that only group others not classifiable."


def named(name: str, among: Sequence[Concept]) -> Concept | None:
    """The concept of a name, whatever its case."""
    return next((one for one in among if key_of(one.name) == key_of(name)), None)


def check_tree(concepts: Sequence[Concept]) -> None:
    """Raises ``ConceptExists``, ``ConceptCycle``, ``OntologyFull`` for an ontology that cannot be."""
    if len(concepts) > MOST or sum(one.classifiable for one in concepts) > MOST_CLASSIFIABLE:
        raise OntologyFull
    seen: set[str] = set()
    for one in concepts:
        if key_of(one.name) in seen:
            raise ConceptExists(f"{one.name} is there already")
        seen.add(key_of(one.name))
    above = {one.id: one.parent_id for one in concepts}
    for one in concepts:
        if one.id in _line(one.id, above):
            raise ConceptCycle(f"{one.name} would stand below itself")


def below(concept_id: UUID, concepts: Sequence[Concept]) -> set[UUID]:
    """A concept and all that are narrower."""
    above = {one.id: one.parent_id for one in concepts}
    return {concept_id, *(one.id for one in concepts if concept_id in _line(one.id, above))}


def _line(start: UUID, above: dict[UUID, UUID | None]) -> list[UUID]:
    """What stands above a concept, as far as the first that comes again."""
    line: list[UUID] = []
    place = above.get(start)
    while place is not None and place not in line:
        line.append(place)
        place = above.get(place)
    return line
