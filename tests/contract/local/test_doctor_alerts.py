"""Alerts that would reach nobody are found before they are missed."""

from pathlib import Path

import pytest

from infra.local.doctor import Finding, examine
from infra.runtime.configuration.settings import read_settings

URL, SECRET = "HEADRACE_ALERT_WEBHOOK_URL", "HEADRACE_ALERT_WEBHOOK_SECRET"
SMTP, FROM, TO = "HEADRACE_SMTP_URL", "HEADRACE_ALERT_EMAIL_FROM", "HEADRACE_ALERT_EMAIL_TO"
VALUES = {
    URL: "https://example.com/hook",
    SECRET: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    SMTP: "smtp://mail.example.com:587",
    FROM: "a@example.com",
    TO: "b@example.com",
}


def alerts(monkeypatch: pytest.MonkeyPatch, folder: Path, *names: str, **other: str) -> Finding:
    for name in names:
        monkeypatch.setenv(name, VALUES[name])
    for name, value in other.items():
        monkeypatch.setenv(name, value)
    (found,) = (one for one in examine(read_settings(data_dir=folder, port=0)) if one.what == "alerts")
    return found


@pytest.mark.parametrize(
    ("names", "lacking"),
    [
        ([URL], f"{SECRET} unset, so they are not pushed"),
        ([SECRET], f"{URL} unset, so they are not pushed"),
        ([SMTP], f"{FROM} and {TO} unset, so they are not mailed"),
        ([FROM, TO], f"{SMTP} unset, so they are not mailed"),
        ([URL, SECRET, TO], f"{SMTP} and {FROM} unset, so they are not mailed"),
    ],
)
def test_a_way_that_is_set_up_in_part_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, names: list[str], lacking: str
) -> None:
    found = alerts(monkeypatch, tmp_path, *names)

    assert found.found == f"Alerts would reach nobody: {lacking}"
    assert "HEADRACE_SMTP_URL" in found.fix
    assert VALUES[SECRET] not in str(found)


def test_recipients_that_are_only_commas_are_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert f"{TO} unset" in alerts(monkeypatch, tmp_path, SMTP, FROM, **{TO: " , "}).found


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "only shown, at /api/background/alerts"),
        ([URL, SECRET], "pushed to whom the settings name"),
        ([URL, SECRET, SMTP, FROM, TO], "pushed and mailed to whom the settings name"),
    ],
)
def test_control_all_or_nothing_is_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, names: list[str], said: str
) -> None:
    found = alerts(monkeypatch, tmp_path, *names)

    assert (found.found, found.fix) == (said, "")
