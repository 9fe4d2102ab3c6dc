"""What other languages and tools need of this folder, as files; `make generate` writes them.

``generated/events/<topic>.v<number>.json`` is the JSON Schema of a CloudEvent's data, with the number of its newest
shape in ``released/``; ``generated/asyncapi.json`` tells of all events and channels;
``generated/warehouse/<table>.json`` is a table's schema in BigQuery's own form (https://cloud.google.com/bigquery/docs/schemas#specifying_a_json_schema_file),
and ``generated/layout.json`` says by which columns each table is partitioned (by day) and clustered.
Modules of records are imported by the names of their files, which no import rule can see.
"""

import inspect
import json
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas.asyncapi import document
from schemas.catalogue import event_types
from schemas.released import release

FOLDER = Path(__file__).parent
GENERATED = FOLDER / "generated"

_TYPES: dict[Any, str] = {str: "STRING", int: "INTEGER", bool: "BOOLEAN", float: "FLOAT", datetime: "TIMESTAMP"}


def generated(folder: Path = FOLDER) -> dict[str, str]:
    """Every file (path under ``schemas``) with the text it must have; ``folder`` holds what was released and samples.

    Raises ``BreakingChange`` where a published event would change under its readers.
    """
    events = event_types()
    schemas = {topic: _event_schema(event) for topic, event in events.items()}
    shapes = release(schemas, folder / "released")
    newest = {topic: f"{topic}.v{max(known)}.json" for topic, known in shapes.items()}
    samples = {
        topic: json.loads(path.read_text()) for topic in events if (path := folder / "samples" / newest[topic]).exists()
    }
    made: dict[str, Any] = {f"generated/events/{newest[topic]}": schema for topic, schema in schemas.items()}
    made |= {f"released/{topic}.v{no}.json": one for topic, known in shapes.items() for no, one in known.items()}
    made |= {f"generated/warehouse/{record.table}.json": _columns(record) for record in _records()}
    made["generated/layout.json"] = {
        record.table: {"partition": record.partition, "clustering": list(record.clustering)} for record in _records()
    }
    made["generated/asyncapi.json"] = document(events, samples)
    return {path: json.dumps(content, indent=2) + "\n" for path, content in made.items()}


def _records() -> Iterator[Any]:
    """Classes of the folder ``records`` that name their table."""
    for module in iter_modules([str(FOLDER / "records")], "schemas.records."):
        for _, found in inspect.getmembers(import_module(module.name), inspect.isclass):
            if found.__module__ == module.name and issubclass(found, BaseModel) and hasattr(found, "table"):
                yield found


def _event_schema(event: type[BaseModel]) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **event.model_json_schema()}


def _columns(record: type[BaseModel]) -> list[dict[str, str]]:
    return [_column(name, field) for name, field in record.model_fields.items()]


def _column(name: str, field: FieldInfo) -> dict[str, str]:
    kinds = set(get_args(field.annotation)) or {field.annotation}
    (kind,) = kinds - {NoneType}
    mode = "NULLABLE" if NoneType in kinds else "REQUIRED"
    return {"name": name, "type": _TYPES[kind], "mode": mode, "description": field.description or ""}
