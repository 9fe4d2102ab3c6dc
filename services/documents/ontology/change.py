"""How concepts change: all of a tenant's at once, checked as a whole, while nobody else changes them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from infra.postgres.database import Database
from services.documents.ontology.concept import Concept, NewConcept
from services.documents.ontology.tree import ParentUnknown, check_tree, named
from services.documents.store import concepts as store

Change = Callable[[list[Concept], int], list[Concept]]
"""From what there is, and the version of the whole, to what is to be. Raises a ``Problem`` to refuse."""

_SAID = ("name", "description", "synonyms", "properties", "classifiable")


async def change_ontology(
    change: Change, *, now: datetime, tenant: str, database: Database
) -> tuple[int, list[Concept]]:
    """Make the change, with new versions where something differs; returns the version of the whole, and all concepts.

    Raises what the change raises, ``ConceptExists``, ``ConceptCycle``, ``OntologyFull``.
    """
    async with database.transaction() as tx:
        fresh = await store.lock(tx, tenant=tenant)
        before = {one.id: one for one in await store.all_of(tx, tenant=tenant)}
        wanted = change(list(before.values()), fresh - 1)
        check_tree(wanted)
        differing = [one for one in wanted if before.get(one.id) != one]
        stamped = [one.model_copy(update={"version": fresh, "updated_at": now}) for one in differing]
        await store.save(tx, stamped, tenant=tenant)
        await store.remove(tx, before.keys() - {one.id for one in wanted}, tenant=tenant)
        return fresh, await store.all_of(tx, tenant=tenant)


def brought_in(new: NewConcept, *, concept_id: UUID, now: datetime, by: str | None) -> Concept:
    """A concept that is new, without its parent."""
    said = new.model_dump(include=set(_SAID))
    return Concept.model_validate(
        {**said, "id": concept_id, "parent": None, "parent_id": None, "version": 0, "created_at": now, "created_by": by}
        | {"updated_at": now}
    )


def rewritten(old: Concept, new: NewConcept) -> Concept:
    """A concept as an editor says it is now, but for its parent."""
    return old.model_copy(update={name: getattr(new, name) for name in _SAID})


def placed(concept: Concept, new: NewConcept, among: Sequence[Concept]) -> Concept:
    """The concept below the parent that it names. Raises ``ParentUnknown``."""
    if new.parent is None:
        return concept.model_copy(update={"parent": None, "parent_id": None})
    if (parent := named(new.parent, among)) is None:
        raise ParentUnknown(f"{new.name} names {new.parent} as parent, which is not there")
    return concept.model_copy(update={"parent": parent.name, "parent_id": parent.id})
