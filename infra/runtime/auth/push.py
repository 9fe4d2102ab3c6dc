"""Pushes of Pub/Sub to functions: only those that carry the token of the account that we had sign them."""

import hmac
from dataclasses import dataclass

from infra.runtime.auth.bearer import bearer
from infra.runtime.auth.gate import Unauthenticated
from infra.runtime.auth.identity import IdentityTokens, TokenRefused


@dataclass(frozen=True)
class PushGate:
    """Lets in what ``account`` (a service account's e-mail address) signed for."""

    tokens: IdentityTokens
    account: str

    async def check(self, authorization: str | None) -> None:
        """Look at the header of that name. Raises ``Unauthenticated``, ``TokenRefused``, ``CertificatesAway``."""
        token = bearer(authorization)
        if token is None:
            raise Unauthenticated
        identity = await self.tokens.identity(token)
        if not hmac.compare_digest(identity.address.encode(), self.account.lower().encode()):
            raise TokenRefused("It is of another account")
