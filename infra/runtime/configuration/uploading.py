"""Settings of files that callers upload."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Uploading(BaseSettings):
    """A part of ``Settings``."""

    model_config = SettingsConfigDict(defer_build=True)  # nobody makes one: `Settings` builds its own

    max_upload_bytes: int = Field(104_857_600, ge=1, le=10_737_418_240, description="Bytes an uploaded file may have.")
    upload_seconds: float = Field(600.0, gt=0, description="Seconds an upload may take to arrive.")
    import_workers: int = Field(2, ge=1, le=100, description="Files a process reads at once, each in a child.")
