import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from services.documents.ontology.concept import Concept
from services.documents.page import Page
from services.documents.ports import Found, ModelUnavailable
from tests.flow.documents.desk import NOW, PRODUCT, RESOURCES, VACANCY, Desk, classified


class Counting:
    """Finds the first concept, and counts how often it is asked."""

    name, prompt = "counting", "1"

    def __init__(self) -> None:
        self.asked = 0

    async def classify(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        self.asked += 1
        await asyncio.sleep(0)
        return [Found(concept=concepts[0], confidence=0.75)]


class Together(Counting):
    """Says something else each time, and nothing before so many ask."""

    def __init__(self, many: int) -> None:
        super().__init__()
        self._barrier = asyncio.Barrier(many)

    async def classify(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        self.asked += 1
        confidence = self.asked / 10
        await self._barrier.wait()
        return [Found(concept=concepts[0], confidence=confidence)]


class Slow(Counting):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asking, self.let = asyncio.Event(), asyncio.Event()

    async def classify(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        self.asking.set()
        await self.let.wait()
        return await super().classify(page, concepts)


class Away(Counting):
    """Is not there."""

    async def classify(self, page: Page, concepts: Sequence[Concept]) -> Sequence[Found]:
        raise ModelUnavailable("away")


async def test_a_page_becomes_a_resource_with_its_values_and_where_they_are_from(editor: Desk) -> None:
    product, _ = await editor.made(PRODUCT), await editor.made(VACANCY)
    job_id = uuid4()

    said = await editor.classified(job_id=job_id)
    [found] = said["resources"]

    assert said["warnings"] == []
    assert found["classification"]["concept_id"] == product["id"]
    assert found["classification"]["label"] == "Product"
    assert found["classification"]["model"] == "local"
    assert 0.6 <= found["classification"]["confidence"] < 1
    assert found["extracted_properties"] == {
        "price": 1299.5,
        "brand": "Northmill",
        "in_stock": True,
        "colour": "green",
        "sizes": ["S", "M", "L"],
        "pieces": 3,
    }
    assert found["provenance"] == {
        "job_id": str(job_id),
        "attempt": 1,
        "url": "https://shop.example/products/lamp",
        "objects": {"screenshot": "captures/default/1/page.png"},
        "model": "local",
        "prompt_version": "words-1",
        "ontology_version": 2,
        "captured_at": NOW.isoformat().replace("+00:00", "Z"),
        "classified_at": NOW.isoformat().replace("+00:00", "Z"),
    }
    assert (await editor.ask("GET", f"{RESOURCES}/{found['id']}"))[1] == found


async def test_an_attempt_is_classified_once_whoever_asks_again(editor: Desk) -> None:
    await editor.made(PRODUCT)
    model, job_id = Counting(), uuid4()

    said = [await classified(editor.runtime.database, model, job_id=job_id) for _ in range(3)]

    assert said[0] == said[1] == said[2]
    assert model.asked == 1


async def test_two_workers_of_one_attempt_say_the_same(editor: Desk) -> None:
    await editor.made(PRODUCT)
    model, job_id = Together(4), uuid4()

    said = await asyncio.gather(*(classified(editor.runtime.database, model, job_id=job_id) for _ in range(4)))

    assert model.asked == 4
    assert all(one == said[0] for one in said)
    assert len((await editor.ask("GET", RESOURCES))[1]["items"]) == 1


async def test_a_new_attempt_replaces_what_the_last_one_found_and_no_late_one_comes_back(editor: Desk) -> None:
    await editor.made(PRODUCT)
    job_id, database = uuid4(), editor.runtime.database

    await classified(database, Counting(), job_id=job_id, attempt=1)
    second = await classified(database, Counting(), job_id=job_id, attempt=2)
    late = await classified(database, Counting(), job_id=job_id, attempt=1)
    _, listed, _ = await editor.ask("GET", RESOURCES)

    assert late == second
    assert [one["provenance"]["attempt"] for one in listed["items"]] == [2]


async def test_a_worker_that_was_overtaken_by_a_new_attempt_changes_nothing(editor: Desk) -> None:
    await editor.made(PRODUCT)
    job_id, database, slow = uuid4(), editor.runtime.database, Slow()

    first = asyncio.create_task(classified(database, slow, job_id=job_id, attempt=1))
    await slow.asking.wait()
    second = await classified(database, Counting(), job_id=job_id, attempt=2)
    slow.let.set()

    assert await first == second
    assert (slow.asked, second["resources"][0]["provenance"]["attempt"]) == (1, 2)


async def test_a_model_that_is_away_costs_the_label_and_nothing_else(editor: Desk) -> None:
    await editor.made(PRODUCT)

    said = await classified(editor.runtime.database, Away())
    [found] = said["resources"]

    assert found["classification"] == {
        "concept_id": None,
        "label": "unknown",
        "confidence": 0.0,
        "model": "counting",
        "needs_review": True,
    }
    assert [one["code"] for one in said["warnings"]] == ["CLASSIFY_UNAVAILABLE"]


async def test_without_concepts_nobody_is_asked(editor: Desk) -> None:
    model = Counting()
    await editor.made({"name": "Groups only", "classifiable": False})

    said = await classified(editor.runtime.database, model)

    assert (said["resources"], model.asked) == ([], 0)
    assert [one["code"] for one in said["warnings"]] == ["NO_CONCEPTS"]


async def test_concepts_of_another_tenant_are_not_offered(editor: Desk) -> None:
    await editor.made(PRODUCT)

    said = await classified(editor.runtime.database, tenant="another")

    assert [one["code"] for one in said["warnings"]] == ["NO_CONCEPTS"]


async def test_what_no_database_keeps_does_not_stop_a_page(editor: Desk) -> None:
    await editor.made(PRODUCT)

    said = await editor.classified(
        title="product\0 \ud800", url="https://a.example/\0", text="Brand: a\0b\ud800\nprice: 3"
    )
    [found] = said["resources"]

    assert found["title"].startswith("product\ufffd")


async def test_lists_are_filtered(editor: Desk) -> None:
    offer = await editor.made({"name": "Offer", "classifiable": False})
    product = await editor.made({**PRODUCT, "parent": "Offer"})
    vacancy = await editor.made(VACANCY)
    await editor.classified()
    await editor.classified(
        source_id="jobs", title="Vacancy: baker (job)", text="Apply for this job", url="https://a.example"
    )
    await editor.classified(title="Impressum", text="nothing to see", url="https://b.example")

    async def found(query: str) -> list[str]:
        status, said, _ = await editor.ask("GET", f"{RESOURCES}?{query}")
        assert status == 200, said
        return sorted(one["classification"]["label"] for one in said["items"])

    expected: dict[str, Any] = {
        "": ["Product", "Vacancy", "unknown"],
        f"concept_id={product['id']}": ["Product"],
        f"concept_id={offer['id']}": ["Product"],
        f"concept_id={vacancy['id']}": ["Vacancy"],
        f"concept_id={uuid4()}": [],
        "source_id=jobs": ["Vacancy"],
        "min_confidence=0.5": ["Product", "Vacancy"],
        "needs_review=true": ["unknown"],
        "text=northmill": ["Product"],
        "text=baker": ["Vacancy"],
        "text=%27%3B--%20%25": ["Product", "Vacancy", "unknown"][:0],
    }
    assert {query: await found(query) for query in expected} == expected


async def test_lists_go_on_where_they_ended(editor: Desk) -> None:
    await editor.made(PRODUCT)
    for _ in range(5):
        await editor.classified()
    seen, token = [], ""
    while token is not None:
        _, said, _ = await editor.ask("GET", f"{RESOURCES}?page_size=2" + (f"&page_token={token}" if token else ""))
        seen += [one["id"] for one in said["items"]]
        token = said["next_page_token"]

    assert len(set(seen)) == len(seen) == 5
    other, *_ = await editor.ask("GET", f"{RESOURCES}?page_size=2&page_token={token or 'x'}")
    assert other == 400
