from collections.abc import Callable
from pathlib import Path
from traceback import format_exception

import pytest

from infra.runtime.configuration.settings import DECLARED, Settings, SettingsRefused, read_settings
from infra.runtime.configuration.variables import defaults, variables

SECRET = "CANARY-token-5f1c"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in defaults():
        monkeypatch.delenv(variable.name, raising=False)


def refusal(read: Callable[[], Settings]) -> str:
    with pytest.raises(SettingsRefused) as caught:
        read()
    return caught.value.detail


def test_what_is_given_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_PORT", "9001")
    monkeypatch.setenv("HEADRACE_DATA_DIR", "elsewhere")

    settings = read_settings(port=9002, data_dir=None)

    assert (settings.port, settings.data_dir) == (9002, Path("elsewhere"))


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    monkeypatch.setenv("BRIGHT_DATA_API_TOKEN", blank)

    assert read_settings().bright_data_api_token is None


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("HEADRACE_PROFILE", "aws", "HEADRACE_PROFILE is 'aws': must be 'embedded', 'emulators' or 'gcp'"),
        ("HEADRACE_AUTH", "half", "HEADRACE_AUTH is 'half': must be 'off' or 'on'"),
        ("HEADRACE_PORT", "65536", "HEADRACE_PORT is '65536': must be a whole number, at least 0, at most 65535"),
        ("BACKGROUND_POLL_INTERVAL", "0", "BACKGROUND_POLL_INTERVAL is '0': must be a number, more than 0"),
        ("HEADRACE_PUBLIC_URL", "ftp://a", "HEADRACE_PUBLIC_URL is 'ftp://a': must be an http:// or https:// URL"),
    ],
)
def test_a_refusal_names_the_variable_and_what_would_be_right(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)

    assert refusal(read_settings) == sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GOOGLE_CLOUD_PROJECT", "My Project"),
        ("PUBSUB_EMULATOR_HOST", "localhost:99999"),
        ("PUBSUB_EMULATOR_HOST", "::1:8085"),
        ("PUBSUB_EMULATOR_HOST", "[::1:8085"),
        ("STORAGE_EMULATOR_HOST", "http://"),
        ("BIGQUERY_EMULATOR_HOST", "http://localhost:abc"),
        ("HEADRACE_PUBLIC_URL", "https://:443"),
        ("BRIGHT_DATA_API_URL", "https://"),
        ("HEADRACE_GOOGLE_CERTS_URL", "http://localhost:65536/"),
        ("HEADRACE_PUSH_URL", "https://{function}.{region}.example"),
        ("HEADRACE_PUSH_URL", "https://{function}:port"),
        ("HEADRACE_PUSH_ACCOUNT", "push"),
        ("HEADRACE_AUDIENCES", " , "),
        ("HEADRACE_AUDIENCES", "https://a.example https://b.example"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    assert refusal(read_settings).startswith(f"{name} is {value!r}: m")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GOOGLE_CLOUD_PROJECT", "example.com:my-project-1"),
        ("PUBSUB_EMULATOR_HOST", "pubsub:8085"),
        ("PUBSUB_EMULATOR_HOST", "[::1]:8085"),
        ("STORAGE_EMULATOR_HOST", "http://[::1]:4443"),
        ("HEADRACE_PUBLIC_URL", "https://a.example"),
        ("HEADRACE_PUSH_URL", "http://127.0.0.1:8080/{function}"),
        ("HEADRACE_PUSH_URL", "https://{function}-123.europe-west3.run.app"),
        ("HEADRACE_AUDIENCES", "https://a.example, https://b.example,"),
    ],
)
def test_control_what_leads_somewhere_is_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    assert value in {one.value for one in variables(read_settings())}


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_PORT", "-1")

    assert len(refusal(lambda: read_settings(profile="aws")).splitlines()) == 2


def test_secrets_are_masked_where_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIGHT_DATA_API_TOKEN", SECRET)
    monkeypatch.setenv("HEADRACE_DATABASE_URL", f"postgresql://me:{SECRET}@db/headrace")
    monkeypatch.setenv("HEADRACE_PUBLIC_URL", f"https://me:{SECRET}@example.com")

    shown = {variable.name: variable.value for variable in variables(read_settings())}

    assert SECRET not in str(shown)
    assert shown["BRIGHT_DATA_API_TOKEN"] == "***"
    assert shown["HEADRACE_PUBLIC_URL"] == "https://***@example.com"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("FIRECRAWL_WEBHOOK_SECRET", f"{SECRET},b,c"),
        ("HEADRACE_ALERT_WEBHOOK_SECRET", f"!{SECRET}"),
        ("HEADRACE_SMTP_URL", f"http://me:{SECRET}@mail.example"),
        ("HEADRACE_SMTP_URL", f"smtp://me:{SECRET}@mail.example:port"),
    ],
)
def test_a_secret_that_is_refused_is_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, wrong: str) -> None:
    monkeypatch.setenv(name, wrong)

    with pytest.raises(SettingsRefused) as caught:
        read_settings()

    assert caught.value.detail.startswith(f"{name} is '***': ")
    assert SECRET not in "".join(format_exception(caught.value))


def test_a_url_that_is_refused_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_PUBLIC_URL", f"ftp://me:{SECRET}@example.com")

    assert refusal(read_settings).startswith("HEADRACE_PUBLIC_URL is 'ftp://***@example.com': ")


def test_of_a_long_value_that_is_refused_the_beginning_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_PORT", "9" * 10_000)

    assert refusal(read_settings).startswith(f"HEADRACE_PORT is '{'9' * 80}': ")


def test_control_the_secret_is_there_to_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIGHT_DATA_API_TOKEN", SECRET)

    token = read_settings().bright_data_api_token

    assert token is not None
    assert token.clear == SECRET


def test_every_setting_has_a_name_of_its_own_and_says_what_it_does() -> None:
    shown = defaults()

    assert len({variable.name for variable in shown}) == len(shown) == len(DECLARED)
    assert all(variable.description for variable in shown)
    assert not any(variable.given for variable in shown)


def test_the_folder_of_a_home_needs_no_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HEADRACE_DATA_DIR", "~/data")

    assert read_settings().data_dir == tmp_path / "data"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEADRACE_ALERT_WEBHOOK_SECRET", "whsec_"),
        ("HEADRACE_ALERT_WEBHOOK_SECRET", "whsec_c2VjcmV0"),
        ("BRIGHT_DATA_API_TOKEN", "t\nCANARY"),
        ("FIRECRAWL_API_KEY", "k CANARY"),
        ("OPENAI_API_KEY", "CANARY\u2013key"),
    ],
    ids=["none", "guessed", "two lines", "two words", "a dash of prose"],
)
def test_a_secret_that_cannot_be_one_is_refused_unseen(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    assert refusal(read_settings).startswith(f"{name} is '***': must be ")
