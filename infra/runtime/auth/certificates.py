"""The keys that Google signs identity tokens with, fetched when they are needed and kept as long as Google says."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import ClassVar

import aiohttp
import jwt

from schemas.problem import Problem, ProblemClass

ALGORITHM = "RS256"
UNKNOWN_EVERY_S = 10.0  # a key id that nobody knows leads to a look no more often
REST_S = 2.0  # after a failure: whoever waits would else wait for one failure after the other
GRACE_S = 3600.0  # how long keys are used past their time while newer ones cannot be fetched
_TIMEOUT = aiohttp.ClientTimeout(total=5)
_KEPT_S = 300.0  # where the answer does not say how long
_MAX_AGE = re.compile(r"\bmax-age=(\d{1,9})")


class CertificatesAway(Problem):
    """The keys of identity tokens cannot be fetched."""

    code: ClassVar[str] = "CERTIFICATES_AWAY"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 503
    title: ClassVar[str] = "Identity tokens cannot be checked now"
    recovery: ClassVar[str] = "Try again in a moment or use an API key; if it lasts, look at HEADRACE_GOOGLE_CERTS_URL."


class Certificates:
    """One a process; ``clock`` is in seconds."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._session = session
        self._url = url
        self._clock = clock
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._asked_at = self._good_until = self._rests_until = float("-inf")
        self._trouble = ""
        self._asking = asyncio.Lock()

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """The key of this id; None if Google has none. Raises ``CertificatesAway``."""
        if self._clock() >= self._good_until or key_id not in self._keys:
            async with self._asking:
                await self._refresh(key_id)
        return self._keys.get(key_id)

    async def _refresh(self, key_id: str) -> None:
        now = self._clock()
        fresh, asked = now < self._good_until, now - self._asked_at < UNKNOWN_EVERY_S
        if fresh and (key_id in self._keys or asked):
            return
        if now >= self._rests_until:
            await self._ask(now)
        if self._clock() < self._rests_until and now >= self._good_until + GRACE_S:
            raise CertificatesAway(f"{self._url} gave no keys: {self._trouble}", retry_after=REST_S)

    async def _ask(self, now: float) -> None:
        self._asked_at = now
        try:
            self._keys, kept = await self._fetch()
        except (aiohttp.ClientError, TimeoutError, ValueError, jwt.PyJWTError) as error:
            self._trouble = type(error).__name__
            self._rests_until = self._clock() + REST_S
        else:
            self._good_until = now + kept

    async def _fetch(self) -> tuple[Mapping[str, jwt.PyJWK], float]:
        plain = {"Accept-Encoding": "identity"}  # the session decodes nothing
        async with self._session.get(self._url, headers=plain, allow_redirects=False, timeout=_TIMEOUT) as answer:
            answer.raise_for_status()
            said = jwt.PyJWKSet.from_json(await answer.text())
            headers = answer.headers
        keys = {key.key_id: key for key in said.keys if key.key_id and key.algorithm_name == ALGORITHM}
        if not keys:
            msg = "no key can be used"
            raise ValueError(msg)
        named = _MAX_AGE.search(headers.get("Cache-Control", ""))
        age = headers.get("Age", "0")
        return keys, float(named[1]) - float(age if age.isdecimal() else 0) if named else _KEPT_S
