"""Tokens of pages: they say where to go on, and belong to one filter."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from services.crawling.list_crawls import InvalidPage, _place, _token

ROW = {"created_at": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "id": UUID(int=5)}


def forged(*place: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


@pytest.mark.parametrize("status", [None, "failed"])
def test_a_token_leads_back_to_its_row(status: str | None) -> None:
    assert _place(_token(ROW, status), status) == (ROW["created_at"], ROW["id"])


def test_a_token_of_another_filter_is_refused() -> None:
    for given, asked in (("failed", None), (None, "failed"), ("failed", "completed")):
        with pytest.raises(InvalidPage) as refused:
            _place(_token(ROW, given), asked)
        assert refused.value.extra["errors"] == [{"field": "page_token", "message": "belongs to another filter"}]


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "%%%%",
        "é",
        "AAAA",
        forged("yesterday", str(UUID(int=5)), None),
        forged("2026-01-02T00:00:00+00:00", "not an id", None),
        forged("2026-01-02T00:00:00+00:00"),
        forged(1, 2, 3),
        forged("0001-01-01T00:00:00+23:59", str(UUID(int=5)), None),
        base64.urlsafe_b64encode(b"[" * 5000).decode(),
    ],
)
def test_what_is_no_token_of_ours_names_its_field(token: str) -> None:
    with pytest.raises(InvalidPage) as refused:
        _place(token, None)

    assert refused.value.status == 400
    assert refused.value.extra["errors"] == [{"field": "page_token", "message": "is not one of ours"}]


def test_a_place_always_has_a_time_zone() -> None:
    naive = _place(forged("2026-01-02T00:00:00", str(UUID(int=5)), None), None)[0]
    other = _place(forged("2026-01-02T00:00:00+02:00", str(UUID(int=5)), None), None)[0]

    assert naive.tzinfo is not None
    assert other == datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=2)))
