from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.documents.ontology.tree import (
    MOST_CLASSIFIABLE,
    ConceptCycle,
    ConceptExists,
    OntologyFull,
    below,
    check_tree,
)
from tests.contract.documents.rig import concept


@given(st.lists(st.none() | st.integers(0, 7), min_size=8, max_size=8))
def test_a_circle_is_found_wherever_it_is_and_nowhere_else(parents: list[int | None]) -> None:
    nodes = [
        concept(f"{n}", id=UUID(int=n), parent_id=None if p is None else UUID(int=p)) for n, p in enumerate(parents)
    ]

    def ends(place: int) -> bool:
        for _ in parents:
            if (above := parents[place]) is None:
                return True
            place = above
        return False

    if all(ends(place) for place in range(len(parents))):
        check_tree(nodes)
    else:
        with pytest.raises(ConceptCycle):
            check_tree(nodes)


def test_what_is_below_is_found_to_the_bottom() -> None:
    line = [concept(f"{n}", id=UUID(int=n), parent_id=UUID(int=n - 1) if n else None) for n in range(5)]

    assert below(UUID(int=2), line) == {UUID(int=2), UUID(int=3), UUID(int=4)}


def test_names_come_once_whatever_their_case() -> None:
    with pytest.raises(ConceptExists):
        check_tree([concept("Stra\u00dfe"), concept("STRASSE")])


def test_models_are_not_offered_more_tools_than_they_take() -> None:
    grouping = [concept(f"g{n}", classifiable=False) for n in range(50)]
    many = [concept(f"{n}") for n in range(MOST_CLASSIFIABLE)]

    check_tree([*grouping, *many])
    with pytest.raises(OntologyFull):
        check_tree([*many, concept("one more")])
