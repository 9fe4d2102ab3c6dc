"""Every variable: its name, its default, and that it changes one thing and is used."""

import ast
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from functions import load_warehouse, store_snapshot
from infra.postgres.database import Database
from infra.postgres.doorbell import Doorbell
from infra.runtime.configuration.settings import Settings, SettingsRefused, read_settings, variable
from infra.runtime.configuration.variables import defaults
from infra.runtime.runtime import Runtime
from services.crawling.policy import Policy, policy
from services.jobs.function import works
from services.jobs.job import Work

ROOT = Path(__file__).parents[5]

# Variable, default, another value as it is written, that value, and one that no setting takes.
TABLE: list[tuple[str, Any, str, Any, str | None]] = [
    ("HEADRACE_PROFILE", "embedded", "gcp", "gcp", "cloud"),
    ("HEADRACE_HOST", "127.0.0.1", "::1", "::1", None),
    ("HEADRACE_PORT", 8080, "0", 0, "-1"),
    ("HEADRACE_AUTH", "off", "on", "on", "perhaps"),
    ("HEADRACE_AUDIENCES", None, "https://a.example", "https://a.example", ","),
    ("HEADRACE_PUSH_ACCOUNT", None, "push@p.iam.gserviceaccount.com", "push@p.iam.gserviceaccount.com", "push"),
    (
        "HEADRACE_GOOGLE_CERTS_URL",
        "https://www.googleapis.com/oauth2/v3/certs",
        "http://127.0.0.1:9/certs",
        "http://127.0.0.1:9/certs",
        "a.example",
    ),
    ("HEADRACE_TRUSTED_PROXIES", 0, "2", 2, "-1"),
    ("HEADRACE_MAX_UPLOAD_BYTES", 104_857_600, "1024", 1024, "0"),
    ("HEADRACE_UPLOAD_SECONDS", 600.0, "2.5", 2.5, "0"),
    ("HEADRACE_IMPORT_WORKERS", 2, "1", 1, "0"),
    ("HEADRACE_DATA_DIR", Path(".headrace"), "/data", Path("/data"), None),
    ("HEADRACE_DATABASE_URL", None, "postgresql://db/x", "postgresql://db/x", None),
    ("HEADRACE_DATABASE_POOL", 10, "3", 3, "1"),
    ("HEADRACE_LAKE_URL", None, "gs://bucket/a/", "gs://bucket/a", "s3://bucket"),
    ("HEADRACE_WAREHOUSE_URL", None, "bq://project-1.rows", "bq://project-1.rows", "bq://project-1"),
    ("HEADRACE_PUSH_URL", None, "https://{function}.example/", "https://{function}.example/", "https://f.example"),
    ("GOOGLE_CLOUD_PROJECT", None, "project-1", "project-1", "Project 1"),
    ("PUBSUB_EMULATOR_HOST", None, "127.0.0.1:8085", "127.0.0.1:8085", "http://127.0.0.1:8085"),
    ("STORAGE_EMULATOR_HOST", None, "http://127.0.0.1:9/", "http://127.0.0.1:9", "127.0.0.1:9"),
    ("BIGQUERY_EMULATOR_HOST", None, "http://127.0.0.1:9/", "http://127.0.0.1:9", "127.0.0.1:9"),
    ("HEADRACE_PUBLIC_URL", None, "https://a.example/", "https://a.example", "a.example"),
    ("BRIGHT_DATA_API_URL", None, "http://127.0.0.1:9/", "http://127.0.0.1:9", "ftp://a"),
    ("BRIGHT_DATA_API_TOKEN", None, "t", "t", None),
    ("HEADRACE_BRIGHT_DATA_BATCH_SIZE", 10_000, "1000", 1000, "999"),
    ("HEADRACE_BRIGHT_DATA_REQUESTS_PER_SECOND", 100.0, "0.5", 0.5, "0"),
    ("HEADRACE_BRIGHT_DATA_IN_FLIGHT", 20, "3", 3, "0"),
    ("OPENAI_BASE_URL", None, "http://127.0.0.1:9/v1/", "http://127.0.0.1:9/v1", "ftp://a"),
    ("OPENAI_API_KEY", None, "k", "k", None),
    ("OPENAI_MODEL", "gpt-4o-mini", "another", "another", None),
    ("HEADRACE_CLASSIFY_SECONDS", 90.0, "1.5", 1.5, "0"),
    ("FIRECRAWL_API_URL", None, "http://127.0.0.1:9/", "http://127.0.0.1:9", "ftp://a"),
    ("FIRECRAWL_API_KEY", None, "k", "k", None),
    ("FIRECRAWL_WEBHOOK_SECRET", None, "old,new", "old,new", "a,b,c"),
    ("HEADRACE_FIRECRAWL_UNSIGNED_WEBHOOKS", False, "true", True, "perhaps"),
    ("HEADRACE_FIRECRAWL_DOCUMENTS_PER_PART", 1000, "100", 100, "0"),
    ("HEADRACE_FIRECRAWL_REQUESTS_PER_SECOND", 5.0, "0.5", 0.5, "0"),
    ("HEADRACE_FIRECRAWL_IN_FLIGHT", 10, "3", 3, "0"),
    ("HEADRACE_WEBSITE_DELAY_SECONDS", 0.5, "0", 0.0, "-1"),
    ("HEADRACE_WEBSITE_REQUESTS_A_HOST", 2, "4", 4, "0"),
    ("HEADRACE_WEBSITE_WORKERS", 3, "1", 1, "0"),
    ("BACKGROUND_POLLING_ENABLED", True, "false", False, "perhaps"),
    ("BACKGROUND_MAX_WORKERS", 10, "2", 2, "0"),
    ("BACKGROUND_POLL_INTERVAL", 30.0, "0.25", 0.25, "0"),
    ("BACKGROUND_MAX_POLLS", 120, "1", 1, "0"),
    ("BACKGROUND_DOWNLOAD_TIMEOUT", 300.0, "1.5", 1.5, "-1"),
    ("BACKGROUND_LOG_LEVEL", "INFO", "DEBUG", "DEBUG", "LOUD"),
    ("BACKGROUND_CLEANUP_INTERVAL", 3600.0, "60", 60.0, "0"),
    ("HEADRACE_PRIORITY_BY_FILE", False, "true", True, "perhaps"),
    ("HEADRACE_RATE_LIMIT", 0.0, "2.5", 2.5, "-1"),
    ("HEADRACE_POLL_CONCURRENCY", 500, "7", 7, "many"),
    ("HEADRACE_STALL_SECONDS", 3600.0, "60", 60.0, "0"),
    ("HEADRACE_DEADLINE_SECONDS", 86_400.0, "60", 60.0, "0"),
    ("HEADRACE_SUBMIT_SETTLE_SECONDS", 30.0, "0", 0.0, "-1"),
    ("HEADRACE_SUBMIT_WAIT_SECONDS", 3.0, "0", 0.0, "-1"),
    ("HEADRACE_BODY_SECONDS", 30.0, "5", 5.0, "0"),
    ("HEADRACE_LEASE_SECONDS", 45.0, "5", 5.0, "0"),
    ("HEADRACE_RETRY_BASE_SECONDS", 2.0, "1", 1.0, "0"),
    ("HEADRACE_RETRY_CAP_SECONDS", 60.0, "9", 9.0, "0"),
    ("HEADRACE_CHROMIUM", None, "/opt/chrome", Path("/opt/chrome"), None),
    ("HEADRACE_CAPTURE_WORKERS", 2, "3", 3, "0"),
    ("HEADRACE_EGRESS_ALLOW", "", "10.0.0.5, a.internal:81", "10.0.0.5, a.internal:81", "http://a"),
    ("HEADRACE_PRICES", "bright_data=1.5", "a=2,b=0.5", "a=2,b=0.5", "a"),
    ("HEADRACE_RECORDS_PER_INPUT", 100, "7", 7, "0"),
    ("MAX_WORKERS", None, "3", 3, "0"),
    ("MAX_QUEUE_SIZE", 10_000, "7", 7, "0"),
    ("JOB_TIMEOUT", 300.0, "1.5", 1.5, "0"),
    ("PROCESSING_POLL_INTERVAL", 30.0, "0.5", 0.5, "0"),
    ("PROCESSING_BATCH_SIZE", 100, "7", 7, "1001"),
    ("PROCESSING_MAX_RETRIES", 3, "0", 0, "-1"),
    ("PROCESSING_BACKOFF_FACTOR", 1.5, "2", 2.0, "0.5"),
    ("PROCESSING_MAX_CONCURRENT_JOBS", 5, "1", 1, "0"),
    ("BACKGROUND_POLLING", True, "false", False, "perhaps"),
    ("IMMEDIATE_RESPONSE", True, "false", False, "perhaps"),
    ("BACKGROUND_RETRY", True, "false", False, "perhaps"),
    ("BACKGROUND_CLEANUP", True, "false", False, "perhaps"),
    ("HEADRACE_JOB_RETENTION_DAYS", 30, "1", 1, "0"),
    ("BACKGROUND_METRICS_ENABLED", True, "false", False, "perhaps"),
    ("BACKGROUND_METRICS", True, "false", False, "perhaps"),
    ("HEADRACE_ALERT_WEBHOOK_URL", None, "https://a.example/hook/", "https://a.example/hook/", "a.example"),
    ("HEADRACE_ALERT_WEBHOOK_SECRET", None, "whsec_c2VjcmV0", "whsec_c2VjcmV0", None),
    ("HEADRACE_SMTP_URL", None, "smtp://u:p@mail.example", "smtp://u:p@mail.example", None),
    ("HEADRACE_ALERT_EMAIL_FROM", None, "headrace@a.example", "headrace@a.example", None),
    ("HEADRACE_ALERT_EMAIL_TO", None, "ops@a.example", "ops@a.example", None),
]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in defaults():
        monkeypatch.delenv(one.name, raising=False)


def plain(settings: Settings) -> dict[str, Any]:
    """The settings by variable, secrets in the clear."""
    found = {variable(field): getattr(settings, field) for field in Settings.model_fields}
    return {name: getattr(value, "get_secret_value", lambda value=value: value)() for name, value in found.items()}


def test_the_table_names_every_variable_and_its_default() -> None:
    assert plain(read_settings()) == {name: default for name, default, *_ in TABLE}


@pytest.mark.parametrize(("name", "written", "meant"), [(row[0], row[2], row[3]) for row in TABLE])
def test_a_variable_changes_its_own_setting_and_no_other(
    monkeypatch: pytest.MonkeyPatch, name: str, written: str, meant: object
) -> None:
    before = plain(read_settings())
    monkeypatch.setenv(name, written)

    assert plain(read_settings()) == before | {name: meant}


@pytest.mark.parametrize(("name", "wrong"), [(row[0], row[4]) for row in TABLE if row[4] is not None])
def test_a_wrong_value_is_refused_by_the_variables_name(monkeypatch: pytest.MonkeyPatch, name: str, wrong: str) -> None:
    monkeypatch.setenv(name, wrong)

    with pytest.raises(SettingsRefused, match=f"^{name} is '{wrong}': ") as caught:
        read_settings()

    assert "\n" not in caught.value.detail


@pytest.mark.parametrize(
    "field", [name for name in Settings.model_fields if not variable(name).startswith("HEADRACE_")]
)
def test_a_setting_with_a_name_of_its_own_has_no_second_one(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    before = plain(read_settings())
    for second in {f"HEADRACE_{field.upper()}", field.upper()} - {variable(field)}:
        monkeypatch.setenv(second, "http://1")

    assert plain(read_settings()) == before


def test_what_is_given_in_code_wins_over_a_variable_of_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKGROUND_MAX_POLLS", "3")

    assert read_settings(max_polls=9).max_polls == 9


def read_in(source: str) -> set[str]:
    """Fields that a source reads off settings, whatever they are reached by."""
    of_settings = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)]
    return {node.attr for node in of_settings if ast.unparse(node.value).endswith("settings")}


def test_every_setting_is_used() -> None:
    sources = [path for folder in ("functions", "services", "infra") for path in (ROOT / folder).rglob("*.py")]
    used = set().union(*(read_in(path.read_text()) for path in sources))

    assert set(Settings.model_fields) - used == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [("x = settings.port", {"port"}), ("f(runtime.settings.host)", {"host"}), ("settings = port", set())],
)
def test_control_a_use_is_told_from_a_mention(source: str, found: set[str]) -> None:
    assert read_in(source) == found


def given(**changes: Any) -> Settings:
    return Settings.model_construct(**{**dict(read_settings()), **changes})


@pytest.mark.parametrize(
    ("field", "value", "effect"),
    [
        ("polling_enabled", False, {"polling_enabled": False}),
        ("background_polling", False, {"polling_enabled": False}),
        ("poll_interval", 0.5, {"poll_interval": 0.5}),
        ("max_polls", 7, {"max_polls": 7}),
        ("stall_seconds", 7.0, {"stall": 7.0}),
        ("deadline_seconds", 7.0, {"deadline": timedelta(seconds=7)}),
        ("submit_settle_seconds", 7.0, {"settle": 7.0}),
        ("retry_base_seconds", 7.0, {"retry_base": 7.0}),
        ("retry_cap_seconds", 7.0, {"retry_cap": 7.0}),
        ("lease_seconds", 7.0, {"lease": 7.0}),
        ("poll_concurrency", 7, {"poll_concurrency": 7}),
        ("max_queue_size", 7, {"room": 7}),
        ("prices", "a=2.5", {"prices": {"a": Decimal("2.5")}}),
        ("records_per_input", 7, {"records_per_input": 7}),
    ],
)
def test_a_setting_of_crawling_has_one_effect_there(field: str, value: object, effect: dict[str, Any]) -> None:
    usual = policy(given(), public_url=None)

    assert policy(given(**{field: value}), public_url=None) == Policy(**{**vars(usual), **effect})


def worker_of(**changes: Any) -> dict[str, Any]:
    """A worker's numbers where the settings say so; its terms among them."""
    database = Database(None)
    made = SimpleNamespace(
        settings=given(**changes), database=database, doorbell=Doorbell(database), name="n", built={}
    )
    worker = works(queue="q", kind="k")(lambda _: Work()).worker(cast("Runtime", made))
    own = {name: getattr(worker, name) for name in ("concurrency", "batch_size", "lease_seconds")}
    return {**own, **asdict(worker.terms)}


@pytest.mark.parametrize(
    ("name", "written", "effect"),
    [
        ("HEADRACE_LEASE_SECONDS", "1", {"lease_seconds": 1.0}),
        ("HEADRACE_RETRY_BASE_SECONDS", "2.5", {"retry_base_seconds": 2.5}),
        ("HEADRACE_RETRY_CAP_SECONDS", "3.5", {"retry_cap_seconds": 3.5}),
        ("JOB_TIMEOUT", "7", {"timeout_seconds": 7.0}),
        ("PROCESSING_BATCH_SIZE", "7", {"batch_size": 7}),
        ("PROCESSING_MAX_RETRIES", "7", {"max_tries": 8}),
        ("PROCESSING_BACKOFF_FACTOR", "7", {"backoff_factor": 7.0}),
        ("PROCESSING_MAX_CONCURRENT_JOBS", "7", {"concurrency": 7}),
        ("BACKGROUND_RETRY", "false", {"retries": False}),
    ],
)
def test_a_variable_has_one_effect_on_every_worker(
    monkeypatch: pytest.MonkeyPatch, name: str, written: str, effect: dict[str, Any]
) -> None:
    usual = worker_of()
    monkeypatch.setenv(name, written)

    assert worker_of() == usual | effect


def test_the_number_of_stores_at_once_is_a_setting_and_that_of_loads_is_not() -> None:
    assert store_snapshot.main.function.concurrency(given(store_workers=3)) == 3
    assert load_warehouse.main.function.concurrency(given(store_workers=3)) == load_warehouse.main.function.concurrency(
        given()
    )
