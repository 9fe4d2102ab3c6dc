"""Settings that say where things are: the profile, and the addresses of what it uses."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.runtime.configuration.setting_types import HostAndPort, LakeUrl, Origin, Project, PushUrl, WarehouseUrl

Profile = Literal["embedded", "emulators", "gcp"]

_DATA = Path(".headrace")
_EMULATED = _DATA / "emulated"  # a database belongs to one lake, so whoever tries both profiles has two


class Places(BaseSettings):
    """The first part of ``Settings``; what the profile makes of it stands in ``profile.py``."""

    model_config = SettingsConfigDict(defer_build=True)  # nobody makes one: `Settings` builds its own

    profile: Profile = Field(
        "embedded",
        description="Which adapters are used: all on this machine, Google's behind emulators, or Google's.",
    )
    data_dir: Path = Field(
        default_factory=lambda given: _EMULATED if given["profile"] == "emulators" else _DATA,
        description="Embedded PostgreSQL, lake and warehouse live here; unset with emulators: .headrace/emulated.",
    )
    database_url: SecretStr | None = Field(None, description="Another PostgreSQL than the embedded one.")
    database_pool: int = Field(10, ge=2, le=100, description="Connections a process may hold.")
    lake_url: LakeUrl | None = Field(
        None,
        description="Where objects are stored: file:///folder or gs://bucket[/prefix]; unset: the profile's own place.",
    )
    warehouse_url: WarehouseUrl | None = Field(
        None,
        description="Where rows are loaded: file:///folder or bq://project.dataset; unset: the profile's own place.",
    )
    public_url: Origin | None = Field(None, description="Where providers reach our webhooks; none: polling only.")
    push_url: PushUrl | None = Field(
        None, description="Where Pub/Sub pushes to a function, as https://{function}.example; unset: functions pull."
    )
    google_cloud_project: Project | None = Field(
        None, validation_alias="GOOGLE_CLOUD_PROJECT", description="Google's project of topics, jobs and traces."
    )
    pubsub_emulator_host: HostAndPort | None = Field(
        None,
        validation_alias="PUBSUB_EMULATOR_HOST",
        description="A Pub/Sub emulator to use, as host:port; unset: the profile `emulators` starts one.",
    )
    storage_emulator_host: Origin | None = Field(
        None,
        validation_alias="STORAGE_EMULATOR_HOST",
        description="A Cloud Storage emulator to use, as http://host:port; unset: the profile `emulators` starts one.",
    )
    bigquery_emulator_host: Origin | None = Field(
        None,
        validation_alias="BIGQUERY_EMULATOR_HOST",
        description="A BigQuery emulator to use, as http://host:port; unset: the profile `emulators` starts one.",
    )
