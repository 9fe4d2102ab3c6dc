"""The warehouse's tables as generated, for adapters that may not import the records themselves."""

import json
from importlib.resources import files
from typing import TypedDict


class Column(TypedDict):
    """A column as BigQuery describes it; ``type`` is STRING, INTEGER, BOOLEAN, FLOAT or TIMESTAMP."""

    name: str
    type: str
    mode: str
    description: str


class Layout(TypedDict):
    """How a table is stored: by days of one column, sorted by others."""

    partition: str
    clustering: list[str]


def warehouse_layout() -> dict[str, Layout]:
    """Every table's layout."""
    found: dict[str, Layout] = json.loads(files("schemas").joinpath("generated", "layout.json").read_text())
    return found


def warehouse_tables() -> dict[str, list[Column]]:
    """Every table with its columns, in order."""
    folder = files("schemas").joinpath("generated", "warehouse")
    return {file.name.removesuffix(".json"): json.loads(file.read_text()) for file in folder.iterdir()}
