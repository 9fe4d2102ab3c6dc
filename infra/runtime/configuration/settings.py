"""Every setting of the program: read once, at the edge, into one frozen object."""

from typing import ClassVar, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from infra.runtime.auth.access import Access
from infra.runtime.configuration.capturing import Capturing
from infra.runtime.configuration.costs import Costs
from infra.runtime.configuration.leaving import Leaving
from infra.runtime.configuration.models import Models
from infra.runtime.configuration.places import Places
from infra.runtime.configuration.providers import Providers
from infra.runtime.configuration.setting_types import Endpoint, MailServer, SigningSecret
from infra.runtime.configuration.uploading import Uploading
from infra.runtime.telemetry.redaction import scrub
from schemas.problem import Problem

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_PREFIX = "HEADRACE_"


class SettingsRefused(Problem):
    """Values that no setting takes; the detail names each variable, its value and what would be right."""

    code: ClassVar[str] = "SETTINGS_REFUSED"
    title: ClassVar[str] = "A setting cannot be used"
    recovery: ClassVar[str] = "Correct it in the environment or on the command line; .env.example explains every one."


class Settings(Access, Capturing, Costs, Models, Providers, Leaving, Uploading, Places):
    """The effective configuration. Field descriptions become ``.env.example`` and the README's table."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_prefix=_PREFIX, env_ignore_empty=True, populate_by_name=True
    )

    host: str = Field("127.0.0.1", description="Address the faces listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port of every face.")

    polling_enabled: bool = Field(
        default=True,
        validation_alias="BACKGROUND_POLLING_ENABLED",
        description="Poll by itself; false: only manual download.",
    )
    store_workers: int = Field(
        10, ge=1, le=1000, validation_alias="BACKGROUND_MAX_WORKERS", description="Concurrent stores a process."
    )
    poll_interval: float = Field(
        30.0, gt=0, validation_alias="BACKGROUND_POLL_INTERVAL", description="Seconds between two polls of a crawl."
    )
    max_polls: int = Field(
        120, ge=1, validation_alias="BACKGROUND_MAX_POLLS", description="Answered polls before a crawl times out."
    )
    download_timeout: float = Field(
        300.0, gt=0, validation_alias="BACKGROUND_DOWNLOAD_TIMEOUT", description="Seconds one part may take."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias="BACKGROUND_LOG_LEVEL", description="Least severity that is logged."
    )
    cleanup_interval: float = Field(
        3600.0, gt=0, validation_alias="BACKGROUND_CLEANUP_INTERVAL", description="Seconds between two clean-ups."
    )

    max_workers: int | None = Field(
        None,
        ge=1,
        le=64,
        validation_alias="MAX_WORKERS",
        description="Most processes that work jobs on this machine, the first included; unset: one a processor.",
    )
    max_queue_size: int = Field(
        10_000,
        ge=1,
        validation_alias="MAX_QUEUE_SIZE",
        description="Jobs that may wait in one queue; a tenant still gets its even share of one that others filled.",
    )
    priority_by_file: bool = Field(
        default=False,
        description="Jobs of small and quickly read files go a little ahead (`filename`, `size_bytes` in `metadata`).",
    )
    rate_limit: float = Field(
        0.0,
        ge=0,
        description="Requests a second a process takes from one tenant, two seconds' worth at once; 0: any number.",
    )
    job_timeout: float = Field(
        300.0,
        gt=0,
        validation_alias="JOB_TIMEOUT",
        description="Seconds a job may run where neither it nor its kind says.",
    )
    processing_poll_interval: float = Field(
        30.0,
        gt=0,
        validation_alias="PROCESSING_POLL_INTERVAL",
        description="Seconds after which an idle worker looks for jobs without being called.",
    )
    processing_batch_size: int = Field(
        100, ge=1, le=1000, validation_alias="PROCESSING_BATCH_SIZE", description="Jobs taken in one claim at most."
    )
    processing_max_retries: int = Field(
        3, ge=0, le=100, validation_alias="PROCESSING_MAX_RETRIES", description="Retries of a job that names none."
    )
    processing_backoff_factor: float = Field(
        1.5,
        ge=1,
        le=10,
        validation_alias="PROCESSING_BACKOFF_FACTOR",
        description="Growth of the backoff with each try.",
    )
    processing_max_concurrent_jobs: int = Field(
        5,
        ge=1,
        le=1000,
        validation_alias="PROCESSING_MAX_CONCURRENT_JOBS",
        description="Jobs of one kind a process works at once, where the kind says nothing.",
    )
    metrics_enabled: bool = Field(
        default=True, validation_alias="BACKGROUND_METRICS_ENABLED", description="Measure, and serve /metrics."
    )
    background_polling: bool = Field(
        default=True,
        validation_alias="BACKGROUND_POLLING",
        description="Feature flag; false is BACKGROUND_POLLING_ENABLED=false.",
    )
    immediate_response: bool = Field(
        default=True,
        validation_alias="IMMEDIATE_RESPONSE",
        description="Feature flag; false makes a trigger wait for the provider's answer.",
    )
    background_retry: bool = Field(
        default=True,
        validation_alias="BACKGROUND_RETRY",
        description="Feature flag; false makes the first failure of a job its last, until somebody retries it.",
    )
    background_metrics: bool = Field(
        default=True,
        validation_alias="BACKGROUND_METRICS",
        description="Feature flag; false is BACKGROUND_METRICS_ENABLED=false.",
    )
    background_cleanup: bool = Field(
        default=True,
        validation_alias="BACKGROUND_CLEANUP",
        description="Feature flag; false removes nothing that is old.",
    )

    job_retention_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="Days after which finished jobs move into the warehouse, crawls after 30 at least; dead letters"
        " stay four times as long.",
    )
    poll_concurrency: int = Field(500, ge=1, le=10_000, description="Polls in flight at once.")
    stall_seconds: float = Field(3600.0, gt=0, description="No headway at the provider for this long ends a crawl.")
    deadline_seconds: float = Field(86_400.0, gt=0, description="A crawl attempt ends at the latest after this long.")
    submit_settle_seconds: float = Field(
        30.0, ge=0, description="How long an unanswered order may take to show up in the provider's list."
    )
    submit_wait_seconds: float = Field(3.0, ge=0, description="How long a trigger waits for the provider's answer.")
    body_seconds: float = Field(30.0, gt=0, description="How long a request's body may take to arrive.")
    lease_seconds: float = Field(45.0, gt=0, description="How long a worker holds a job without a heartbeat.")
    retry_base_seconds: float = Field(2.0, gt=0, description="First step of the exponential backoff.")
    retry_cap_seconds: float = Field(60.0, gt=0, description="Longest step of the exponential backoff.")

    alert_webhook_url: Endpoint | None = Field(
        None, description="Where alerts are pushed to, signed by HEADRACE_ALERT_WEBHOOK_SECRET; none: nowhere."
    )
    alert_webhook_secret: SigningSecret | None = Field(
        None, description="Signs pushed alerts as Standard Webhooks say: base64, with or without `whsec_` before it."
    )
    smtp_url: MailServer | None = Field(
        None, description="Mail server for alerts: smtp://user:password@host:587, or smtps:// for TLS from the start."
    )
    alert_email_from: str | None = Field(None, description="Sender of alerts by e-mail.")
    alert_email_to: str | None = Field(None, description="Who gets alerts by e-mail, separated by commas.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # see above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # see above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code may use fields' names; in the environment each setting has one name only."""
        env_settings.config = SettingsConfigDict(**{**env_settings.config, "populate_by_name": False})
        return init_settings, env_settings

    @property
    def on_loopback(self) -> bool:
        """Whether nobody but this machine can reach the faces."""
        return self.host in LOOPBACK

    @property
    def alone(self) -> bool:
        """Whether whoever commands us is on this machine anyway, so that its own addresses are no secret."""
        return self.on_loopback and self.auth == "off"


def read_settings(**given: object) -> Settings:
    """The settings of the environment; what is given here wins, unless it is None. Raises ``SettingsRefused``."""
    try:
        return Settings.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        errors = [found for found in error.errors() if found["type"] != "default_factory_not_called"]  # only follows
        wrong = [_wrong(str(found["loc"][0]), found["input"], found["msg"]) for found in errors]
        raise SettingsRefused("\n".join(wrong)) from error


def variable(field: str) -> str:
    """The environment variable of a field."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"{_PREFIX}{field.upper()}"


def _wrong(place: str, value: object, message: str) -> str:
    name = variable(place) if place in Settings.model_fields else place
    shown = "***" if _is_secret(place) else scrub(str(value))[:80]
    return f"{name} is {shown!r}: {message[0].lower()}{message[1:]}".replace(": value error, ", ": ")


def _is_secret(field: str) -> bool:
    info = Settings.model_fields.get(field)
    return info is not None and "SecretStr" in str(info.annotation)  # however it is wrapped
