"""Every setting of the program: read once, at the edge, into one frozen object."""

import os
from typing import Annotated, Any, ClassVar, Literal

from msgspec.structs import replace

from infra.runtime.auth.access import Access
from infra.runtime.configuration.places import EMULATED
from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.setting import Setting, declared
from infra.runtime.configuration.setting_types import a_mail_server, a_signing_secret, an_endpoint
from infra.runtime.telemetry.redaction import scrub
from schemas.problem import Problem

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class SettingsRefused(Problem):
    """Values that no setting takes; the detail names each variable, its value and what would be right."""

    code: ClassVar[str] = "SETTINGS_REFUSED"
    title: ClassVar[str] = "A setting cannot be used"
    recovery: ClassVar[str] = "Correct it in the environment or on the command line; .env.example explains every one."


class Settings(Access, frozen=True, kw_only=True):
    """The effective configuration. Field descriptions become ``.env.example`` and the README's table.

    Its parts follow one from another, from ``Places`` on, because structs with fields cannot be mixed.
    """

    host: Annotated[str, Setting("Address the faces listen on.")] = "127.0.0.1"
    port: Annotated[int, Setting("Port of every face.", ge=0, le=65535)] = 8080

    polling_enabled: Annotated[
        bool, Setting("Poll by itself; false: only manual download.", variable="BACKGROUND_POLLING_ENABLED")
    ] = True
    store_workers: Annotated[
        int, Setting("Concurrent stores a process.", ge=1, le=1000, variable="BACKGROUND_MAX_WORKERS")
    ] = 10
    poll_interval: Annotated[
        float, Setting("Seconds between two polls of a crawl.", gt=0, variable="BACKGROUND_POLL_INTERVAL")
    ] = 30.0
    max_polls: Annotated[
        int, Setting("Answered polls before a crawl times out.", ge=1, variable="BACKGROUND_MAX_POLLS")
    ] = 120
    download_timeout: Annotated[
        float, Setting("Seconds one part may take.", gt=0, variable="BACKGROUND_DOWNLOAD_TIMEOUT")
    ] = 300.0
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        Setting("Least severity that is logged.", variable="BACKGROUND_LOG_LEVEL"),
    ] = "INFO"
    cleanup_interval: Annotated[
        float, Setting("Seconds between two clean-ups.", gt=0, variable="BACKGROUND_CLEANUP_INTERVAL")
    ] = 3600.0

    max_workers: Annotated[
        int | None,
        Setting(
            "Most processes that work jobs on this machine, the first included; unset: one a processor.",
            ge=1,
            le=64,
            variable="MAX_WORKERS",
        ),
    ] = None
    max_queue_size: Annotated[
        int,
        Setting(
            "Jobs that may wait in one queue; a tenant still gets its even share of one that others filled.",
            ge=1,
            variable="MAX_QUEUE_SIZE",
        ),
    ] = 10_000
    priority_by_file: Annotated[
        bool,
        Setting("Jobs of small and quickly read files go a little ahead (`filename`, `size_bytes` in `metadata`)."),
    ] = False
    rate_limit: Annotated[
        float,
        Setting("Requests a second a process takes from one tenant, two seconds' worth at once; 0: any number.", ge=0),
    ] = 0.0
    job_timeout: Annotated[
        float, Setting("Seconds a job may run where neither it nor its kind says.", gt=0, variable="JOB_TIMEOUT")
    ] = 300.0
    processing_poll_interval: Annotated[
        float,
        Setting(
            "Seconds after which an idle worker looks for jobs without being called.",
            gt=0,
            variable="PROCESSING_POLL_INTERVAL",
        ),
    ] = 30.0
    processing_batch_size: Annotated[
        int, Setting("Jobs taken in one claim at most.", ge=1, le=1000, variable="PROCESSING_BATCH_SIZE")
    ] = 100
    processing_max_retries: Annotated[
        int, Setting("Retries of a job that names none.", ge=0, le=100, variable="PROCESSING_MAX_RETRIES")
    ] = 3
    processing_backoff_factor: Annotated[
        float, Setting("Growth of the backoff with each try.", ge=1, le=10, variable="PROCESSING_BACKOFF_FACTOR")
    ] = 1.5
    processing_max_concurrent_jobs: Annotated[
        int,
        Setting(
            "Jobs of one kind a process works at once, where the kind says nothing.",
            ge=1,
            le=1000,
            variable="PROCESSING_MAX_CONCURRENT_JOBS",
        ),
    ] = 5
    metrics_enabled: Annotated[bool, Setting("Measure, and serve /metrics.", variable="BACKGROUND_METRICS_ENABLED")] = (
        True
    )
    background_polling: Annotated[
        bool, Setting("Feature flag; false is BACKGROUND_POLLING_ENABLED=false.", variable="BACKGROUND_POLLING")
    ] = True
    immediate_response: Annotated[
        bool,
        Setting("Feature flag; false makes a trigger wait for the provider's answer.", variable="IMMEDIATE_RESPONSE"),
    ] = True
    background_retry: Annotated[
        bool,
        Setting(
            "Feature flag; false makes the first failure of a job its last, until somebody retries it.",
            variable="BACKGROUND_RETRY",
        ),
    ] = True
    background_metrics: Annotated[
        bool, Setting("Feature flag; false is BACKGROUND_METRICS_ENABLED=false.", variable="BACKGROUND_METRICS")
    ] = True
    background_cleanup: Annotated[
        bool, Setting("Feature flag; false removes nothing that is old.", variable="BACKGROUND_CLEANUP")
    ] = True

    job_retention_days: Annotated[
        int,
        Setting(
            "Days after which finished jobs move into the warehouse, crawls after 30 at least; dead letters"
            " stay four times as long.",
            ge=1,
            le=3650,
        ),
    ] = 30
    poll_concurrency: Annotated[int, Setting("Polls in flight at once.", ge=1, le=10_000)] = 500
    stall_seconds: Annotated[float, Setting("No headway at the provider for this long ends a crawl.", gt=0)] = 3600.0
    deadline_seconds: Annotated[float, Setting("A crawl attempt ends at the latest after this long.", gt=0)] = 86_400.0
    submit_settle_seconds: Annotated[
        float, Setting("How long an unanswered order may take to show up in the provider's list.", ge=0)
    ] = 30.0
    submit_wait_seconds: Annotated[float, Setting("How long a trigger waits for the provider's answer.", ge=0)] = 3.0
    body_seconds: Annotated[float, Setting("How long a request's body may take to arrive.", gt=0)] = 30.0
    lease_seconds: Annotated[float, Setting("How long a worker holds a job without a heartbeat.", gt=0)] = 45.0
    retry_base_seconds: Annotated[float, Setting("First step of the exponential backoff.", gt=0)] = 2.0
    retry_cap_seconds: Annotated[float, Setting("Longest step of the exponential backoff.", gt=0)] = 60.0

    alert_webhook_url: Annotated[
        str | None,
        Setting(
            "Where alerts are pushed to, signed by HEADRACE_ALERT_WEBHOOK_SECRET; none: nowhere.", check=an_endpoint
        ),
    ] = None
    alert_webhook_secret: Annotated[
        Secret | None,
        Setting(
            "Signs pushed alerts as Standard Webhooks say: base64, with or without `whsec_` before it.",
            check=a_signing_secret,
        ),
    ] = None
    smtp_url: Annotated[
        Secret | None,
        Setting(
            "Mail server for alerts: smtp://user:password@host:587, or smtps:// for TLS from the start.",
            check=a_mail_server,
        ),
    ] = None
    alert_email_from: Annotated[str | None, Setting("Sender of alerts by e-mail.")] = None
    alert_email_to: Annotated[str | None, Setting("Who gets alerts by e-mail, separated by commas.")] = None

    given: frozenset[str] = frozenset()
    """The fields that somebody set; the others are as they usually are."""

    @property
    def on_loopback(self) -> bool:
        """Whether nobody but this machine can reach the faces."""
        return self.host in LOOPBACK

    @property
    def alone(self) -> bool:
        """Whether whoever commands us is on this machine anyway, so that its own addresses are no secret."""
        return self.on_loopback and self.auth == "off"

    def but(self, **changes: Any) -> "Settings":
        """The same settings with these changed; the values are taken as they are."""
        return replace(self, **changes, given=self.given | changes.keys())


DECLARED = declared(Settings)
"""Every setting by its field, in the order of their declaration."""


def read_settings(**given: object) -> Settings:
    """The settings of the environment; what is given here wins, unless it is None. Raises ``SettingsRefused``."""
    # a variable that is empty is one that nobody set
    said: dict[str, object] = {
        field: text for field in DECLARED if (text := os.environ.get(variable(field), "")).strip()
    }
    said |= {field: value for field, value in given.items() if value is not None and field in DECLARED}
    values, wrong = {}, [f"{field} is no setting" for field in sorted(given.keys() - DECLARED.keys())]
    for field, value in said.items():
        try:
            values[field] = DECLARED[field].value(value)
        except ValueError as error:
            wrong.append(_wrong(field, value, str(error)))
    if wrong:
        raise SettingsRefused("\n".join(wrong))
    return _settled(Settings(**values, given=frozenset(values)))


def variable(field: str) -> str:
    """The environment variable of a field."""
    return DECLARED[field].variable


def _wrong(field: str, value: object, message: str) -> str:
    shown = "***" if DECLARED[field].kind is Secret else scrub(str(value))[:80]
    return f"{variable(field)} is {shown!r}: {message}"


def _settled(settings: Settings) -> Settings:
    apart = settings.profile == "emulators" and "data_dir" not in settings.given
    return replace(settings, data_dir=EMULATED) if apart else settings
