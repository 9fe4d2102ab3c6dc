"""An event on the wire: CloudEvents binary mode there and back, and CloudEvents JSON."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.envelope import Envelope
from schemas.events.crawl_failed import CrawlFailed

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def envelope(**data: Any) -> Envelope:
    time = datetime(2025, 11, 22, 3, 14, 15, 926535, tzinfo=UTC)
    return Envelope(id="e1", type="crawl.failed", subject="c1", time=time, tenant="team", data=data)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_is_sent_is_what_is_read(data: dict[str, Any]) -> None:
    sent = envelope(k=data)

    assert Envelope.from_http(sent.headers(), sent.body()) == sent


def test_names_of_headers_may_come_in_any_case() -> None:
    sent = envelope(a=1)

    assert Envelope.from_http({name.title(): value for name, value in sent.headers().items()}, sent.body()) == sent


def test_the_structured_form_is_one_cloudevent() -> None:
    assert envelope(a=1).structured() == {
        "specversion": "1.0",
        "id": "e1",
        "type": "crawl.failed",
        "source": "//headrace/crawls",
        "subject": "c1",
        "time": "2025-11-22T03:14:15.926535Z",
        "tenant": "team",
        "datacontenttype": "application/json",
        "data": {"a": 1},
    }


def test_an_event_carries_its_trace_wherever_it_goes() -> None:
    traced = replace(envelope(a=1), traceparent=TRACE)

    assert traced.headers()["ce-traceparent"] == TRACE
    assert traced.structured()["traceparent"] == TRACE
    assert Envelope.from_http(traced.headers(), traced.body()) == traced
    assert not {name for name in envelope().headers() if "trace" in name}


def test_fields_can_be_read_like_those_of_a_dictionary() -> None:
    event = CrawlFailed(crawl_id="c", attempt=2, error="e", code="x", stage="s", recovery="r")

    assert (event["crawl_id"], event["attempt"]) == ("c", 2)
    for name in ("nothing", "topic", "model_fields", "id"):
        with pytest.raises(KeyError):
            event[name]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"1", b'"text"', b"{", b'{"a": NaN}', b'{"a": 1e999}', b'{"a":' * 20_000, b"\xff"]
)
def test_a_body_that_is_no_json_object_is_no_event(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"Expected|malformed|truncated|nested|range|UTF-8"):
        Envelope.from_http(envelope().headers(), body)


@pytest.mark.parametrize("lost", ["ce-id", "ce-type", "ce-subject", "ce-time"])
def test_a_request_that_lacks_an_attribute_is_no_event(lost: str) -> None:
    with pytest.raises(ValueError, match="missing required field"):
        Envelope.from_http({name: value for name, value in envelope().headers().items() if name != lost}, b"{}")


@pytest.mark.parametrize(
    ("name", "said"), [("ce-time", "2025-11-22T03:14:15"), ("ce-time", "yesterday"), ("ce-time", "0"), ("ce-id", "")]
)
def test_a_request_without_an_id_or_a_moment_is_no_event(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=name.removeprefix("ce-")):
        Envelope.from_http({**envelope().headers(), name: said}, b"{}")


def test_control_a_moment_may_be_told_in_any_zone() -> None:
    told = {**envelope().headers(), "ce-time": "2025-11-22T05:14:15.926535+02:00"}

    assert Envelope.from_http(told, b"{}") == envelope()
