"""The doctor where Google's products are used: behind emulators, and without any."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infra.local import doctor_google
from infra.local.doctor import Finding, examine
from infra.runtime.adapters import lay_out
from infra.runtime.configuration.settings import Settings, read_settings
from infra.runtime.functions.topology import generated

PRODUCTS = {"Cloud Storage", "BigQuery", "Pub/Sub"}
NOWHERE = {
    "profile": "gcp",
    "google_cloud_project": "acme-1",
    "database_url": "postgresql://127.0.0.1:1/none",
    "lake_url": "gs://acme-lake",
    "warehouse_url": "bq://acme-1.headrace",
}


def findings(settings: Settings) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(settings)}


def given(data_dir: Path, **more: Any) -> Settings:
    return read_settings(**{"data_dir": data_dir, "port": 0, **more})


@pytest.fixture
def behind_emulators(tmp_path: Path, pubsub_emulator: str, storage_emulator: str, bigquery_emulator: str) -> Settings:
    """A project of its own in running emulators."""
    project = f"doctor-{uuid4().hex[:12]}"
    hosts = {"pubsub": pubsub_emulator, "storage": storage_emulator, "bigquery": bigquery_emulator}
    named = {f"{name}_emulator_host": host for name, host in hosts.items()}
    return given(tmp_path, profile="emulators", google_cloud_project=project, **named)


def test_each_product_is_asked_and_what_is_not_laid_out_is_named(behind_emulators: Settings) -> None:
    before = findings(behind_emulators)
    asyncio.run(lay_out(behind_emulators, generated()["functions"]))
    after = findings(behind_emulators)

    assert [what for what, finding in before.items() if finding.fix] == ["Pub/Sub"]
    assert "push_event.crawl.triggered" in before["Pub/Sub"].found
    assert "headrace topology" in before["Pub/Sub"].fix
    assert [what for what, finding in after.items() if finding.fix] == []
    assert "gs://headrace" in after["Cloud Storage"].found
    assert "is made when it is first used" in after["BigQuery"].found  # to look makes nothing


def test_a_product_that_does_not_answer_is_told_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> list[str]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(doctor_google, "PATIENCE", 0.01)
    monkeypatch.setattr(doctor_google, "lacking", never)
    monkeypatch.setattr(doctor_google, "with_emulators", lambda settings: settings)

    with pytest.raises(doctor_google.ProductSilent, match="Nothing was heard"):
        doctor_google.GOOGLE["Pub/Sub"](given(tmp_path, profile="emulators"))


def test_no_product_is_asked_while_the_profile_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")
    found = findings(given(tmp_path, profile="gcp"))

    assert [what for what, finding in found.items() if finding.fix] == ["profile"]
    assert {found[what].found for what in PRODUCTS} == {"not asked: first see to the profile"}


@pytest.mark.parametrize(
    ("more", "what", "said"),
    [
        ({}, "callers", "this machine only"),
        ({"auth": "on"}, "callers", "HEADRACE_AUDIENCES unset"),
        ({"auth": "on", "audiences": "https://a.example"}, "callers", "tokens of Google for https://a.example"),
        ({}, "pushes", "HEADRACE_PUSH_ACCOUNT unset"),
        ({"push_account": "push@p.example", "audiences": "a"}, "pushes", "only those that push@p.example signed"),
    ],
)
def test_a_deployer_sees_who_may_call_and_push(tmp_path: Path, more: dict[str, str], what: str, said: str) -> None:
    assert said in doctor_google.GOOGLE[what](given(tmp_path, **NOWHERE, **more))


def test_pushes_that_are_signed_for_nobody_are_to_be_fixed(tmp_path: Path) -> None:
    found = findings(given(tmp_path, profile="emulators", push_account="push@p.example"))

    assert "HEADRACE_AUDIENCES" in found["callers"].fix


def test_control_on_this_machine_alone_google_is_no_subject(tmp_path: Path) -> None:
    assert not PRODUCTS & set(findings(given(tmp_path)))
