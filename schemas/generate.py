"""What other languages and tools need of this folder, as files; `make generate` writes them.

``generated/events/<topic>.v1.json`` is the JSON Schema of a CloudEvent's data; ``generated/warehouse/<table>.json``
is a table's schema in BigQuery's own form (https://cloud.google.com/bigquery/docs/schemas#specifying_a_json_schema_file).
Modules of events and records are imported by the names of their files, which no import rule can see.
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

GENERATED = Path(__file__).with_name("generated")

_TYPES: dict[Any, str] = {str: "STRING", int: "INTEGER", bool: "BOOLEAN", float: "FLOAT", datetime: "TIMESTAMP"}


def generated() -> dict[str, str]:
    """Every file (path under ``generated``) with the text it must have."""
    events = {f"events/{event.topic}.v1.json": _event_schema(event) for event in _models("events", "topic")}
    tables = {f"warehouse/{record.table}.json": _columns(record) for record in _models("records", "table")}
    return {path: json.dumps(content, indent=2) + "\n" for path, content in (events | tables).items()}


def _models(folder: str, mark: str) -> Iterator[Any]:
    """Classes of a folder that carry their public name in the class variable ``mark``."""
    for module in iter_modules([str(Path(__file__).with_name(folder))], f"schemas.{folder}."):
        for _, found in inspect.getmembers(import_module(module.name), inspect.isclass):
            if found.__module__ == module.name and issubclass(found, BaseModel) and hasattr(found, mark):
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
