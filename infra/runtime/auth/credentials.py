"""The gate while authentication is on: an API key or an identity token of Google says who calls."""

from typing import TYPE_CHECKING, ClassVar

import structlog
from starlette.types import Scope

from infra.postgres import callers
from infra.postgres.database import Database
from infra.runtime.auth.bearer import bearer
from infra.runtime.auth.caller import Caller
from infra.runtime.auth.gate import CredentialsRefused, Unauthenticated
from infra.runtime.auth.key import MARK, Key, new_key, read_key
from infra.runtime.auth.refusals import Refusals
from schemas.problem import Problem, ProblemClass

if TYPE_CHECKING:  # cryptography takes a while to load, and not everybody takes tokens
    from infra.runtime.auth.identity import Identity, IdentityTokens

log = structlog.get_logger()

_NOBODYS = new_key().digest


class NotAMember(Problem):
    """Google knows the caller, and we do not."""

    code: ClassVar[str] = "NOT_A_MEMBER"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 403
    title: ClassVar[str] = "This identity calls for no tenant"
    recovery: ClassVar[str] = "Ask an admin of your tenant to add it: POST /api/v1/members or `headrace member add`."


class AnotherAccount(Problem):
    """The address of a member belongs to another account now."""

    code: ClassVar[str] = "ANOTHER_ACCOUNT"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 403
    title: ClassVar[str] = "Another account called under this address before"
    recovery: ClassVar[str] = (
        "If it is rightly this one's now, an admin removes the member and adds it again: `headrace member remove`, then"
        " `headrace member add`."
    )


class CredentialGate:
    """Without ``tokens`` API keys only."""

    def __init__(self, database: Database, *, tokens: "IdentityTokens | None", refusals: Refusals) -> None:
        self._database = database
        self._tokens = tokens
        self._refusals = refusals

    async def admit(self, scope: Scope) -> Caller:
        """See ``Gate.admit``.

        Raises ``Unauthenticated``, ``CredentialsRefused``, ``RefusedTooOften``, ``NotAMember``, ``AnotherAccount``,
        ``CertificatesAway``.
        """
        said = bearer(_authorization(scope))
        if said is None:
            raise Unauthenticated
        try:
            return await self._of(said)
        except CredentialsRefused:
            self._refusals.note(scope)
            raise

    async def _of(self, said: str) -> Caller:
        if (key := read_key(said)) is not None:
            return await self._of_key(key)
        if self._tokens is None or said.startswith(MARK):
            raise CredentialsRefused("There is no such key")
        return await self._of_member(await self._tokens.identity(said))

    def admit_stranger(self, scope: Scope) -> None:
        """See ``Gate.admit_stranger``: what is for everybody stays so."""

    async def _of_key(self, key: Key) -> Caller:
        async with self._database.reading() as tx:
            found = await callers.find_key(tx, key.id)
        if not key.is_of(found["digest"] if found else _NOBODYS) or found is None:
            raise CredentialsRefused("There is no such key")
        if found["revoked"] or found["expired"]:
            raise CredentialsRefused(f"The key {key.id} {'was revoked' if found['revoked'] else 'has expired'}")
        if found["unnoted"]:
            async with self._database.transaction() as tx:
                await callers.note_use(tx, key.id)
        return Caller(tenant=found["tenant"], scope=found["scope"], name=f"key:{key.id}", key_id=key.id)

    async def _of_member(self, identity: "Identity") -> Caller:
        async with self._database.reading() as tx:
            found = await callers.find_member(tx, identity.address)
        if found is not None and found["subject"] is None:
            async with self._database.transaction() as tx:
                found = await callers.bind_member(tx, identity.address, identity.subject)
        if found is None:
            raise NotAMember(f"{identity.address} is a member of no tenant")
        if found["subject"] != identity.subject:
            log.warning("member refused", identity=identity.address, tenant=found["tenant"], reason="another account")
            raise AnotherAccount(f"{identity.address} is bound to another account of Google")
        return Caller(tenant=found["tenant"], scope=found["scope"], name=identity.address)


def _authorization(scope: Scope) -> str | None:
    said = [value for name, value in scope["headers"] if name == b"authorization"]
    return said[0].decode("latin-1") if len(said) == 1 else None
