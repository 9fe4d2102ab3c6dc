import json

import pytest
from jsonschema import Draft202012Validator

from schemas.events.crawl_failed import CrawlFailed
from schemas.generate import FOLDER, GENERATED, generated
from schemas.records.crawl_record import CrawlRecord
from schemas.released import RELEASED
from schemas.tables import warehouse_tables

OF_OTHERS = {"generated/openapi.json", "generated/topology.json"}  # the faces' and the functions'


def committed() -> dict[str, str]:
    found = (path for folder in (GENERATED, RELEASED) for path in folder.rglob("*.json"))
    return {name: path.read_text() for path in found if (name := str(path.relative_to(FOLDER))) not in OF_OTHERS}


def test_the_committed_files_are_what_the_classes_say() -> None:
    assert committed() == generated(), "run: make generate"


def test_a_changed_class_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CrawlRecord, "table", "renamed")

    assert committed() != generated()


def test_every_event_has_a_schema_that_its_data_fits() -> None:
    data = CrawlFailed(crawl_id="c1", attempt=1, error="no", code="TIMEOUT", stage="polling_timeout", recovery="wait")
    schema = json.loads(generated()["generated/events/crawl.failed.v1.json"])

    Draft202012Validator(schema).validate(data.model_dump(mode="json"))
    assert not Draft202012Validator(schema).is_valid({"crawl_id": "c1"})


@pytest.mark.parametrize("path", sorted(generated()))
def test_every_event_schema_is_a_schema(path: str) -> None:
    if path.startswith("generated/events/"):
        Draft202012Validator.check_schema(json.loads(generated()[path]))


def test_adapters_read_the_columns_in_the_order_of_the_record() -> None:
    columns = warehouse_tables()["records"]

    assert [column["name"] for column in columns] == list(CrawlRecord.model_fields)
    assert {column["name"]: column["type"] for column in columns}["stored_at"] == "TIMESTAMP"
