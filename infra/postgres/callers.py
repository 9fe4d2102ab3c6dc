"""Who calls: the key or member that a request says it is, as rows."""

from collections.abc import Mapping
from typing import Any

from infra.postgres.database import Transaction

USED_EVERY_S = 60  # how exactly the last use of a key is known

_FIND = f"""
SELECT tenant, scope, digest, revoked_at IS NOT NULL AS revoked, coalesce(expires_at <= now(), false) AS expired,
       coalesce(last_used_at < now() - {USED_EVERY_S} * interval '1 s', true) AS unnoted
FROM api_keys WHERE id = $1
"""

_BIND = """
UPDATE members SET subject = coalesce(subject, $2) WHERE identity = $1 RETURNING tenant, scope, subject
"""


async def find_key(tx: Transaction, key_id: str) -> Mapping[str, Any] | None:
    """What decides about a key; ``unnoted``: its last use is to be written down again."""
    found: Mapping[str, Any] | None = await tx.fetchrow(_FIND, key_id)
    return found


async def note_use(tx: Transaction, key_id: str) -> None:
    """The key was used now."""
    await tx.execute("UPDATE api_keys SET last_used_at = now() WHERE id = $1", key_id)


async def find_member(tx: Transaction, identity: str) -> Mapping[str, Any] | None:
    """Tenant and scope of an identity, and the ``subject`` it is bound to, None as long as nobody called."""
    found: Mapping[str, Any] | None = await tx.fetchrow(
        "SELECT tenant, scope, subject FROM members WHERE identity = $1", identity
    )
    return found


async def bind_member(tx: Transaction, identity: str, subject: str) -> Mapping[str, Any] | None:
    """As ``find_member``; an identity that is bound to nobody is bound to this account. The first one wins."""
    found: Mapping[str, Any] | None = await tx.fetchrow(_BIND, identity, subject)
    return found
