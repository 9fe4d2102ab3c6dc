"""Google's keys are fetched when they are needed, kept as long as Google says, and never guessed."""

import asyncio
from dataclasses import dataclass

import aiohttp
import pytest

from infra.runtime.auth.certificates import GRACE_S, REST_S, UNKNOWN_EVERY_S, Certificates, CertificatesAway
from tests.contract.auth.issuer import FORGER, OURS, Google


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def certificates(issuer: Google, session: aiohttp.ClientSession, clock: Clock) -> Certificates:
    return Certificates(session, issuer.url, clock=clock)


async def known(certificates: Certificates, kid: str = "1") -> bool:
    return await certificates.key(kid) is not None


async def test_keys_are_kept_as_long_as_the_answer_says(
    issuer: Google, certificates: Certificates, clock: Clock
) -> None:
    issuer.headers["Age"] = "40"
    asked = []
    for passed in (0, 59, 2, 58):  # of 100 s the answer was 40 s old
        clock.now += passed
        assert await known(certificates)
        asked.append(issuer.asked)

    assert asked == [1, 1, 2, 2]


async def test_many_at_once_fetch_once(issuer: Google, certificates: Certificates) -> None:
    assert all(await asyncio.gather(*(known(certificates) for _ in range(20))))
    assert issuer.asked == 1


async def test_a_new_key_is_found_before_the_old_ones_are_over(
    issuer: Google, certificates: Certificates, clock: Clock
) -> None:
    assert await known(certificates)
    issuer.keys = {"1": OURS, "2": FORGER}
    clock.now += UNKNOWN_EVERY_S

    assert await known(certificates, "2")


async def test_a_key_that_google_took_back_is_known_no_more(
    issuer: Google, certificates: Certificates, clock: Clock
) -> None:
    assert await known(certificates)
    issuer.keys = {"2": FORGER}
    clock.now += 100

    assert not await known(certificates)


async def test_made_up_key_ids_make_nobody_ask_google_all_the_time(
    issuer: Google, certificates: Certificates, clock: Clock
) -> None:
    assert await known(certificates)
    for number in range(50):
        assert not await known(certificates, f"made up {number}")
        clock.now += 1

    assert issuer.asked <= 1 + 50 / UNKNOWN_EVERY_S


async def test_keys_outlive_an_outage_of_google_for_a_while(
    issuer: Google, certificates: Certificates, clock: Clock
) -> None:
    assert await known(certificates)
    issuer.keys = None
    clock.now += 100 + GRACE_S - 1
    assert await known(certificates)

    clock.now += 2
    with pytest.raises(CertificatesAway):
        await known(certificates)


@pytest.mark.parametrize("keys", [None, {}])
async def test_without_any_key_nobody_is_judged(
    issuer: Google, certificates: Certificates, keys: dict[str, None] | None
) -> None:
    issuer.keys = keys  # type: ignore[assignment]  # empty, or none

    with pytest.raises(CertificatesAway) as caught:
        await known(certificates)

    assert caught.value.retryable


async def test_while_google_is_away_many_wait_for_one_failure_and_not_for_each_others(
    issuer: Google, certificates: Certificates, clock: Clock
) -> None:
    issuer.keys = None
    asked = []
    for passed in (0.0, REST_S - 0.1, 0.2):
        clock.now += passed
        found = await asyncio.gather(*(known(certificates) for _ in range(20)), return_exceptions=True)
        assert {type(one) for one in found} == {CertificatesAway}
        asked.append(issuer.asked)
    issuer.keys = {"1": OURS}
    clock.now += REST_S

    assert asked == [1, 1, 2]
    assert await known(certificates)
