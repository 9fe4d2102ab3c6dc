"""Settings that say where things are: the profile, and the addresses of what it uses."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Struct

from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.setting import Setting
from infra.runtime.configuration.setting_types import (
    a_host_and_port,
    a_lake_url,
    a_project,
    a_push_url,
    a_warehouse_url,
    an_origin,
)

Profile = Literal["embedded", "emulators", "gcp"]

_DATA = Path(".headrace")
EMULATED = _DATA / "emulated"  # a database belongs to one lake, so whoever tries both profiles has two


class Places(Struct, frozen=True, kw_only=True):
    """The first part of ``Settings``; what the profile makes of it stands in ``profile.py``."""

    profile: Annotated[
        Profile, Setting("Which adapters are used: all on this machine, Google's behind emulators, or Google's.")
    ] = "embedded"
    data_dir: Annotated[
        Path,
        Setting(
            "Embedded PostgreSQL, lake and warehouse live here; unset with emulators: .headrace/emulated.",
            check=Path.expanduser,
        ),
    ] = _DATA
    database_url: Annotated[Secret | None, Setting("Another PostgreSQL than the embedded one.")] = None
    database_pool: Annotated[int, Setting("Connections a process may hold.", ge=2, le=100)] = 10
    lake_url: Annotated[
        str | None,
        Setting(
            "Where objects are stored: file:///folder or gs://bucket[/prefix]; unset: the profile's own place.",
            check=a_lake_url,
        ),
    ] = None
    warehouse_url: Annotated[
        str | None,
        Setting(
            "Where rows are loaded: file:///folder or bq://project.dataset; unset: the profile's own place.",
            check=a_warehouse_url,
        ),
    ] = None
    public_url: Annotated[
        str | None, Setting("Where providers reach our webhooks; none: polling only.", check=an_origin)
    ] = None
    push_url: Annotated[
        str | None,
        Setting(
            "Where Pub/Sub pushes to a function, as https://{function}.example; unset: functions pull.",
            check=a_push_url,
        ),
    ] = None
    google_cloud_project: Annotated[
        str | None,
        Setting("Google's project of topics, jobs and traces.", check=a_project, variable="GOOGLE_CLOUD_PROJECT"),
    ] = None
    pubsub_emulator_host: Annotated[
        str | None,
        Setting(
            "A Pub/Sub emulator to use, as host:port; unset: the profile `emulators` starts one.",
            check=a_host_and_port,
            variable="PUBSUB_EMULATOR_HOST",
        ),
    ] = None
    storage_emulator_host: Annotated[
        str | None,
        Setting(
            "A Cloud Storage emulator to use, as http://host:port; unset: the profile `emulators` starts one.",
            check=an_origin,
            variable="STORAGE_EMULATOR_HOST",
        ),
    ] = None
    bigquery_emulator_host: Annotated[
        str | None,
        Setting(
            "A BigQuery emulator to use, as http://host:port; unset: the profile `emulators` starts one.",
            check=an_origin,
            variable="BIGQUERY_EMULATOR_HOST",
        ),
    ] = None
