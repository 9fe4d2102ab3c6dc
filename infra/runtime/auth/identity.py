"""Identity tokens of Google: whether one is genuine, holds now, is meant for us, and whose it is."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

import jwt

from infra.runtime.auth.certificates import ALGORITHM, Certificates
from infra.runtime.auth.gate import CredentialsRefused

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
SKEW_S = 10.0  # how far the clocks of Google and this machine may be apart
_NEEDED = ["exp", "iat", "iss", "aud", "sub"]
_WORDS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "It has expired"),
    (jwt.ImmatureSignatureError, "It holds only later: compare the clocks"),
    (jwt.InvalidAudienceError, "It was made for another audience"),
    (jwt.InvalidIssuerError, "Google did not issue it"),
    (jwt.InvalidSignatureError, "Its signature is not Google's"),
    (jwt.InvalidAlgorithmError, f"It is not signed with {ALGORITHM}"),
    (jwt.MissingRequiredClaimError, "It lacks a claim that Google's tokens have"),
)


class TokenRefused(CredentialsRefused):
    """An identity token that proves nothing."""

    title: ClassVar[str] = "This identity token is not taken"
    recovery: ClassVar[str] = (
        "Send a fresh identity token of Google, for one of HEADRACE_AUDIENCES: gcloud auth print-identity-token."
    )


@dataclass(frozen=True)
class Identity:
    """Whose a token is: ``address`` in lower case, and ``subject``, which Google gives to no other account again."""

    address: str
    subject: str


@dataclass(frozen=True)
class IdentityTokens:
    """Knows whose a token is, if it was made for one of the ``audiences``."""

    certificates: Certificates
    audiences: Collection[str]

    async def identity(self, token: str) -> Identity:
        """Whose it is, by a verified e-mail address. Raises ``TokenRefused``, ``CertificatesAway``."""
        try:
            claims = await self._claims(token)
        except jwt.PyJWTError as error:
            words = next((words for kind, words in _WORDS if isinstance(error, kind)), "It cannot be read")
            raise TokenRefused(words) from error
        email = claims.get("email")
        if claims.get("email_verified") is not True or not isinstance(email, str):
            raise TokenRefused("It names no verified e-mail address")
        return Identity(email.lower(), str(claims["sub"]))

    async def _claims(self, token: str) -> dict[str, Any]:
        head = jwt.get_unverified_header(token)
        if head.get("alg") != ALGORITHM:
            raise jwt.InvalidAlgorithmError
        key = await self.certificates.key(str(head.get("kid")))
        if key is None:
            raise jwt.InvalidSignatureError
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=list(self.audiences),
            issuer=ISSUERS,
            leeway=SKEW_S,
            options={"require": _NEEDED},
        )
