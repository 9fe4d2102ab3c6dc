"""Tokens of pages: they say where to go on, and belong to one question."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest

from infra.runtime.http.page_token import InvalidPage, Moment, read_page_token, write_page_token

PLACE = (datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), UUID(int=5))
FORM = tuple[Moment, UUID]
ASKED: Any = {"status": "failed", "kind": None}
SEAL = b"only this installation has it"


def sealed(*place: Any) -> str:
    """What only somebody who knows the seal could send."""
    return write_page_token(place, asked=ASKED, seal=SEAL)


def errors(problem: InvalidPage) -> Any:
    return problem.extra["errors"]


@pytest.mark.parametrize("asked", [None, "failed", ASKED])
def test_a_token_leads_back_to_its_place(asked: Any) -> None:
    assert read_page_token(write_page_token(PLACE, asked=asked, seal=SEAL), FORM, asked=asked, seal=SEAL) == PLACE


def test_a_token_can_be_any_place() -> None:
    form = tuple[str, Annotated[int, msgspec.Meta(ge=0)]]

    assert read_page_token(sealed("over", 7), form, asked=ASKED, seal=SEAL) == ("over", 7)


def test_a_token_of_another_filter_is_refused() -> None:
    for given, asked in (("failed", None), (None, "failed"), (ASKED, {**ASKED, "kind": "crawl"})):
        with pytest.raises(InvalidPage) as refused:
            read_page_token(write_page_token(PLACE, asked=given, seal=SEAL), FORM, asked=asked, seal=SEAL)
        [error] = errors(refused.value)
        assert error["field"] == "page_token"
        assert error["message"].startswith("belongs to another filter")


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "%%%%",
        "é",
        "AAAA",
        base64.urlsafe_b64encode(b"[" * 5000).decode(),
        base64.urlsafe_b64encode(json.dumps(["2026-01-02T00:00:00Z", str(UUID(int=5))]).encode()).decode(),
        sealed("yesterday", str(UUID(int=5))),
        sealed("2026-01-02T00:00:00Z", "not an id"),
        sealed("2026-01-02T00:00:00Z"),
        sealed(1, 2, 3),
        sealed("2026-01-02T00:00:00", str(UUID(int=5))),
        sealed("0001-01-01T00:00:00+23:59", str(UUID(int=5))),
    ],
)
def test_what_is_no_token_of_ours_names_its_field(token: str) -> None:
    with pytest.raises(InvalidPage) as refused:
        read_page_token(token, FORM, asked=ASKED, seal=SEAL)

    assert refused.value.status == 400
    [error] = errors(refused.value)
    assert error["field"] == "page_token"
    assert error["message"].startswith("is not one of ours")


def test_a_token_with_any_letter_changed_is_refused() -> None:
    token = sealed(*PLACE)
    assert (
        read_page_token(token, FORM, asked=ASKED, seal=SEAL) == PLACE
    )  # the control: it is the change that is refused

    for index, letter in enumerate(token[:-1]):  # the last letter may hold bits that say nothing
        with pytest.raises(InvalidPage):
            read_page_token(
                token[:index] + ("B" if letter == "A" else "A") + token[index + 1 :], FORM, asked=ASKED, seal=SEAL
            )


def forged(place: Any, *, key: bytes) -> str:
    """A token by the rule that everybody can read, with a key of the forger's."""

    def sealed_with(said: bytes) -> bytes:
        return hashlib.blake2b(said, digest_size=16, key=key).digest()

    said = sealed_with(msgspec.json.encode(ASKED)) + msgspec.json.encode(place)
    return base64.urlsafe_b64encode(sealed_with(said) + said).decode().rstrip("=")


@pytest.mark.parametrize("key", [b"", b"a guess"])
def test_who_knows_the_rule_but_not_the_secret_writes_no_token(key: bytes) -> None:
    assert read_page_token(forged(("\0",), key=SEAL), tuple[str], asked=ASKED, seal=SEAL) == ("\0",)  # the control

    with pytest.raises(InvalidPage):
        read_page_token(forged(("\0",), key=key), tuple[str], asked=ASKED, seal=SEAL)


def test_a_place_cannot_be_moved_to_another_question() -> None:
    raw = [base64.urlsafe_b64decode(write_page_token(PLACE, asked=asked, seal=SEAL) + "==") for asked in (ASKED, None)]
    spliced = raw[1][:16] + raw[0][16:32] + raw[1][32:]

    with pytest.raises(InvalidPage):
        read_page_token(base64.urlsafe_b64encode(spliced).decode(), FORM, asked=ASKED, seal=SEAL)


def test_times_are_told_in_utc() -> None:
    [moment, _] = read_page_token(sealed("2026-01-02T00:00:00+02:00", str(UUID(int=5))), FORM, asked=ASKED, seal=SEAL)

    assert moment == datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert moment.tzinfo is UTC
