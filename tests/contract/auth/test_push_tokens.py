"""A push to a function is taken with a token of our own account only."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from infra.runtime.auth.certificates import Certificates
from infra.runtime.auth.choose import AudienceMissing, push_gate
from infra.runtime.auth.gate import Unauthenticated
from infra.runtime.auth.identity import IdentityTokens, TokenRefused
from infra.runtime.auth.push import PushGate
from infra.runtime.configuration.settings import Settings
from infra.runtime.runtime import Runtime
from tests.contract.auth.issuer import ACCOUNT, AUDIENCE, FORGER, Google, signed_with_what_is_public, token, unsigned

GCLOUD = "32555940559.apps.googleusercontent.com"


@pytest.fixture
def gate(issuer: Google, session: aiohttp.ClientSession) -> PushGate:
    return PushGate(IdentityTokens(Certificates(session, issuer.url), [AUDIENCE, GCLOUD]), ACCOUNT)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": GCLOUD},
        {"iss": "accounts.google.com"},
        {"email": ACCOUNT.upper()},
        {"exp": -5},
        {"iat": 5},
    ],
    ids=["plain", "gcloud", "bare issuer", "upper case", "clock behind", "clock ahead"],
)
async def test_a_token_of_our_account_is_taken(gate: PushGate, changes: dict[str, Any]) -> None:
    await gate.check(f"Bearer {token(**changes)}")
    await gate.check(f"bearer {token(**changes)}")


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: token(key=FORGER), "signature"),
        (lambda: token(kid="2"), "signature"),
        (lambda: token(key=FORGER, kid="2"), "signature"),
        (lambda: token(exp=-15), "expired"),
        (lambda: token(iat=60, nbf=60), "only later"),
        (lambda: token(aud="https://elsewhere.example"), "audience"),
        (lambda: token(aud=AUDIENCE + "/"), "audience"),
        (lambda: token(iss="https://accounts.example"), "issue"),
        (lambda: token(email="other@project.iam.gserviceaccount.com"), "another account"),
        (lambda: token(email=ACCOUNT + ".example"), "another account"),
        (lambda: token(email_verified=False), "no verified"),
        (lambda: token(email_verified="true"), "no verified"),
        (lambda: token(email_verified=None), "no verified"),
        (lambda: token(email=None), "no verified"),
        (unsigned, "not signed with RS256"),
        (signed_with_what_is_public, "not signed with RS256"),
        *((lambda name=name: token(**{name: None}), "lacks") for name in ("exp", "iat", "iss", "sub", "aud")),
        (lambda: ".".join([*token().split(".")[:2], token(sub="2").split(".")[2]]), "signature"),
        (lambda: "a.b.c", "cannot be read"),
        (lambda: "x" * 10_000, "cannot be read"),
    ],
)
async def test_any_other_token_is_refused_by_its_fault(gate: PushGate, made: Callable[[], str], why: str) -> None:
    said = made()
    with pytest.raises(TokenRefused) as caught:
        await gate.check(f"Bearer {said}")

    assert why in caught.value.detail
    assert said not in repr(caught.value)


@pytest.mark.parametrize("said", [None, "", "Bearer", "Bearer ", "Basic eDp5"])
async def test_a_push_without_a_token_is_refused(gate: PushGate, said: str | None) -> None:
    with pytest.raises(Unauthenticated):
        await gate.check(said)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, None),
        ({"audiences": AUDIENCE}, None),
        ({"push_account": ACCOUNT, "audiences": f"{GCLOUD}, {AUDIENCE}"}, PushGate),
        ({"push_account": ACCOUNT}, AudienceMissing),
        ({"push_account": ACCOUNT, "audiences": " , "}, AudienceMissing),
    ],
)
async def test_pushes_are_verified_where_the_settings_name_an_account(
    session: aiohttp.ClientSession, issuer: Google, settings: dict[str, str], expected: type | None
) -> None:
    given = Settings(**{**settings, "google_certs_url": issuer.url})
    runtime = cast("Runtime", SimpleNamespace(settings=given, session=session))
    if expected is AudienceMissing:
        with pytest.raises(AudienceMissing):
            push_gate(runtime)
        return
    made = push_gate(runtime)

    assert (made and type(made)) is expected
    if made is not None:
        await made.check(f"Bearer {token(aud=GCLOUD)}")
