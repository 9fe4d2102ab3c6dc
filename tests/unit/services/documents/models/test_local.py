import pytest

from services.documents.models import local
from services.documents.models.local import LEAST, MOST, Local
from services.documents.ports import Found
from tests.contract.documents.rig import PRODUCT, concept, page
from tests.unit.services.documents.models.labelled_pages import CONCEPTS, PAGES


async def said(title: str, text: str) -> Found:
    [found] = await Local().classify(page(text, title=title, url="https://a.example/"), CONCEPTS)
    return found


def name(found: Found) -> str | None:
    return found.concept and found.concept.name


async def judged() -> list[tuple[bool, float, str | None]]:
    """For each page whether its label is right, how sure it is, and the label."""
    made = [(await said(title, text), right) for title, text, right in PAGES]
    return [(name(found) == right, found.confidence, name(found)) for found, right in made]


async def test_most_pages_get_the_label_that_a_person_would_give() -> None:
    right = [one for one, _, _ in await judged()]

    assert sum(right) >= 0.9 * len(right)


async def test_it_is_never_surer_than_it_is_right() -> None:
    labelled = [(right, confidence) for right, confidence, label in await judged() if label is not None]
    sure = [(right, confidence) for right, confidence in labelled if confidence >= 0.6]

    assert len(sure) >= len(labelled) / 2
    for some in (labelled, sure):
        accuracy = sum(right for right, _ in some) / len(some)
        assert sum(confidence for _, confidence in some) / len(some) <= accuracy
    assert all(LEAST <= confidence <= MOST for _, confidence in labelled)


async def test_control_a_classifier_that_sees_no_rarity_is_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sum(confidence for _, confidence, _ in await judged())
    monkeypatch.setattr(local, "_evidence", lambda *_: 1.0)

    assert sum(right for right, _, _ in await judged()) < len(PAGES) / 2
    assert before > 0


async def test_two_concepts_that_are_alike_leave_it_in_doubt() -> None:
    twin = concept("Ware", PRODUCT.description, synonyms=["article"])
    given = page("Article for sale, price 3", title="Article", url="https://a.example/")

    [alone] = await Local().classify(given, [PRODUCT])
    [beside] = await Local().classify(given, [PRODUCT, twin])

    assert alone.confidence > 0.6
    assert beside.confidence < alone.confidence - 0.2


async def test_accents_case_and_plurals_do_not_hide_a_word() -> None:
    [found] = await Local().classify(
        page("", title="CAFÉS", url="https://a.example/"), [concept("cafe"), concept("bar")]
    )

    assert name(found) == "cafe"


async def test_a_word_said_a_thousand_times_counts_little_more_than_one_said_often() -> None:
    often, endless = await said("", "recipe " * 10), await said("", "recipe " * 3000)

    assert endless.confidence - often.confidence < 0.2
    assert (await said("Vacancy: cook, a job opening", "recipe " * 1000)).confidence < 0.8
