"""What the profile decides: the places that hold where none is named, and what cannot be meant."""

from typing import ClassVar

from infra.runtime.configuration.emulated import EMULATORS
from infra.runtime.configuration.settings import Settings, SettingsRefused, variable

LOCAL_PROJECT = "local"
BUCKET = "headrace"
DATASET = "headrace"


class EmulatorInGcp(SettingsRefused):
    """The profile says Google and a variable says emulator: one of them is a mistake, and it could cost data."""

    code: ClassVar[str] = "EMULATOR_IN_GCP"
    title: ClassVar[str] = "An emulator is named although the profile is `gcp`"
    recovery: ClassVar[str] = "Unset the variable named here, or set HEADRACE_PROFILE=emulators."


class ProfileIncomplete(SettingsRefused):
    """The profile `gcp` has no places of its own to fall back on."""

    code: ClassVar[str] = "PROFILE_INCOMPLETE"
    title: ClassVar[str] = "The profile `gcp` needs to know its places"
    recovery: ClassVar[str] = "Set the variables named here; .env.example shows their form."


class PlacesDisagree(SettingsRefused):
    """BigQuery loads from Cloud Storage only."""

    code: ClassVar[str] = "PLACES_DISAGREE"
    title: ClassVar[str] = "This warehouse cannot load from this lake"
    recovery: ClassVar[str] = "Set HEADRACE_LAKE_URL to gs://bucket, or HEADRACE_WAREHOUSE_URL to file:///folder."


def placed(settings: Settings) -> Settings:
    """The settings with Google's places where none is named; what is embedded stays in the data directory.

    Raises ``EmulatorInGcp``, ``ProfileIncomplete``, ``PlacesDisagree``.
    """
    if settings.profile == "gcp":
        _no_emulator(settings)
        _complete(settings)
    found = settings.but(**_own_places(settings)) if settings.profile == "emulators" else settings
    if _in(found.warehouse_url, "bq:") and not _in(found.lake_url, "gs:"):
        raise PlacesDisagree(f"HEADRACE_WAREHOUSE_URL is {found.warehouse_url}, HEADRACE_LAKE_URL is {found.lake_url}")
    return found


def _no_emulator(settings: Settings) -> None:
    fields = [f"{name}_emulator_host" for name in EMULATORS]
    if named := [variable(field) for field in fields if getattr(settings, field) is not None]:
        raise EmulatorInGcp(", ".join(named))


def _complete(settings: Settings) -> None:
    wrong = {
        "google_cloud_project": settings.google_cloud_project is None,
        "database_url": settings.database_url is None,
        "lake_url": not _in(settings.lake_url, "gs:"),
        "warehouse_url": not _in(settings.warehouse_url, "bq:"),
    }
    if any(wrong.values()):
        raise ProfileIncomplete(", ".join(variable(field) for field in wrong if wrong[field]))


def _in(url: str | None, scheme: str) -> bool:
    return url is not None and url.startswith(scheme)


def _own_places(settings: Settings) -> dict[str, str]:
    project = settings.google_cloud_project or LOCAL_PROJECT
    places = {
        "google_cloud_project": project,
        "lake_url": f"gs://{BUCKET}",
        "warehouse_url": f"bq://{project}.{DATASET}",
    }
    return {field: value for field, value in places.items() if getattr(settings, field) is None}
