import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from schemas.catalogue import event_type, event_types
from schemas.generate import GENERATED

SAMPLES = sorted((GENERATED.parent / "samples").glob("*.json"))


def data(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


def topic(path: Path) -> str:
    """``crawl.failed.v1.json`` is a sample of ``crawl.failed``."""
    return path.name.rpartition(".v")[0]


def test_every_published_shape_has_a_sample() -> None:
    shapes = {path.name for path in (GENERATED / "events").iterdir()}

    assert shapes == {path.name for path in SAMPLES}
    assert {topic(path) for path in SAMPLES} == set(event_types())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_shape_ever_published_is_still_read(path: Path) -> None:
    event = event_type(topic(path)).model_validate(data(path))

    assert event.model_dump(mode="json") == data(path)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_published_schema_fits_the_sample(path: Path) -> None:
    schema = json.loads((GENERATED / "events" / path.name).read_text())

    Draft202012Validator(schema).validate(data(path))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_control_a_shape_without_its_subject_is_refused(path: Path) -> None:
    broken = {name: value for name, value in data(path).items() if name not in {"crawl_id", "job_id"}}
    schema = json.loads((GENERATED / "events" / path.name).read_text())

    assert not Draft202012Validator(schema).is_valid(broken)
    with pytest.raises(ValidationError):
        event_type(topic(path)).model_validate(broken)
