"""A priority in a body."""

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from services.jobs.rank import Priority, level

Level = Annotated[
    int,
    BeforeValidator(level),
    WithJsonSchema({"type": ["integer", "string"], "description": f"{', '.join(Priority.__members__)}, or 0 to 4."}),
]
