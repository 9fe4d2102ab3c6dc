"""What a drill may be told to do."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Drill(BaseModel):
    """What a drill does. ``seconds`` are spread evenly over ``steps``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float = Field(0.0, ge=0, le=3600, description="How long it works.")
    steps: list[str] = Field(default_factory=lambda: ["working"], min_length=1, max_length=100)
    stumbles: int = Field(0, ge=0, le=100, description="How many tries fail before one succeeds.")
    fail: bool = Field(default=False, description="Fail for good at the end.")
    result: dict[str, Any] = Field(default_factory=dict, description="What it brings.")
