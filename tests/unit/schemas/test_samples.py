import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from schemas.catalogue import event_type, event_types
from schemas.generate import FOLDER, GENERATED
from schemas.released import RELEASED

SAMPLES = sorted((FOLDER / "samples").glob("*.json"))


def data(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


def topic(path: Path) -> str:
    """``crawl.failed.v1.json`` is a sample of ``crawl.failed``."""
    return path.name.rpartition(".v")[0]


def test_every_shape_ever_published_has_a_sample() -> None:
    assert {path.name for path in RELEASED.iterdir()} == {path.name for path in SAMPLES}
    assert {topic(path) for path in SAMPLES} == set(event_types())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_shape_ever_published_is_still_read(path: Path) -> None:
    event = event_type(topic(path)).model_validate(data(path))

    assert event.model_dump(mode="json", include=set(data(path))) == data(path)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_released_shape_fits_the_sample_which_leaves_nothing_out(path: Path) -> None:
    released = data(RELEASED / path.name)

    Draft202012Validator(released).validate(data(path))
    assert data(path).keys() == released["properties"].keys()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_newest_schema_fits_the_samples_of_all_shapes(path: Path) -> None:
    (newest,) = (GENERATED / "events").glob(f"{topic(path)}.v*.json")

    Draft202012Validator(data(newest)).validate(data(path))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_control_a_shape_without_its_subject_is_refused(path: Path) -> None:
    broken = {name: value for name, value in data(path).items() if name not in {"crawl_id", "job_id"}}

    assert not Draft202012Validator(data(RELEASED / path.name)).is_valid(broken)
    with pytest.raises(ValidationError):
        event_type(topic(path)).model_validate(broken)
