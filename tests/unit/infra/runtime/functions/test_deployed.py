"""What a function says of itself before it is given anything."""

import json
from typing import Any

import pytest
from starlette.requests import Request

from functions import sweep
from infra.runtime.configuration.variables import defaults

GCP = {
    "HEADRACE_PROFILE": "gcp",
    "GOOGLE_CLOUD_PROJECT": "acme-1",
    "HEADRACE_DATABASE_URL": "postgresql://db/headrace",
    "HEADRACE_LAKE_URL": "gs://acme-lake",
    "HEADRACE_WAREHOUSE_URL": "bq://acme-1.headrace",
}


async def alive(monkeypatch: pytest.MonkeyPatch, **variables: str) -> tuple[int, Any]:
    for one in defaults():
        monkeypatch.delenv(one.name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    scope = {"type": "http", "method": "GET", "path": "/livez", "query_string": b"", "headers": [(b"host", b"a")]}
    answer = await sweep.main(Request(scope))
    return answer.status_code, json.loads(bytes(answer.body))


@pytest.mark.parametrize("name", ["PUBSUB_EMULATOR_HOST", "STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST"])
async def test_one_that_is_sent_to_google_and_to_an_emulator_does_not_start(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    host = "127.0.0.1:1" if name.startswith("PUBSUB") else "http://127.0.0.1:1"
    status, said = await alive(monkeypatch, **GCP, **{name: host})

    assert (status, said["code"]) == (500, "EMULATOR_IN_GCP")
    assert name in said["detail"]


async def test_one_whose_settings_cannot_be_used_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await alive(monkeypatch, HEADRACE_PROFILE="cloud"))[1]["code"] == "SETTINGS_REFUSED"


async def test_control_one_that_can_work_is_alive_though_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await alive(monkeypatch, **GCP) == (200, {"status": "ok"})
