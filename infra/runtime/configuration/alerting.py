"""Which ways of telling alerts the settings name, and which they name only in part."""

from collections.abc import Mapping

from infra.runtime.configuration.settings import Settings
from infra.runtime.configuration.variables import variables

_WAYS: Mapping[str, tuple[str, ...]] = {
    "pushed": ("HEADRACE_ALERT_WEBHOOK_URL", "HEADRACE_ALERT_WEBHOOK_SECRET"),
    "mailed": ("HEADRACE_SMTP_URL", "HEADRACE_ALERT_EMAIL_FROM", "HEADRACE_ALERT_EMAIL_TO"),
}


def alerting(settings: Settings) -> dict[str, list[str]]:
    """How alerts are to be told, each way with the variables that it lacks; without those of which nothing is set."""
    given = {one.name for one in variables(settings) if one.value.strip(", ")}
    return {way: [name for name in needed if name not in given] for way, needed in _WAYS.items() if given & set(needed)}
