"""Settings of the browser that pages are captured with."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Capturing(BaseSettings):
    """A part of ``Settings``."""

    model_config = SettingsConfigDict(defer_build=True)  # nobody makes one: `Settings` builds its own

    chromium: Path | None = Field(
        None, description="Chromium or Chrome to capture pages with; unset: the system's, else Playwright's own."
    )
    capture_workers: int = Field(2, ge=1, le=32, description="Pages a process captures at once.")
