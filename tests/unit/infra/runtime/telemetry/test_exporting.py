"""Spans are exported for as long as anything in the process wants that."""

from contextlib import AsyncExitStack

import pytest

from infra.runtime.telemetry import tracing


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")


async def test_the_first_of_two_that_ends_takes_nothing_from_the_other() -> None:
    async with AsyncExitStack() as second:
        async with tracing.exporting():
            await second.enter_async_context(tracing.exporting())
        after_the_first = tracing.on()

    assert (after_the_first, tracing.on()) == (True, False)


async def test_what_ended_can_begin_again() -> None:
    for _ in range(2):
        async with tracing.exporting():
            assert tracing.on()

    assert not tracing.on()


@pytest.mark.parametrize(
    ("name", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "")], ids=["disabled", "nowhere"]
)
async def test_control_where_nothing_is_to_be_exported_nothing_is(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    async with tracing.exporting():
        assert not tracing.on()
