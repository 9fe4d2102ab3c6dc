"""API keys: what they look like, and what is kept of them.

A key has 256 bits of chance, so a plain hash of it is as good as a slow one: nobody can try them all.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

MARK = "hrk_"
_FORM = re.compile(rf"{MARK}(?P<id>[a-z2-7]{{16}})_(?P<secret>[A-Za-z0-9_-]{{43}})")


@dataclass(frozen=True)
class Key:
    """``id`` finds it and may be shown; ``text`` is the whole of it."""

    id: str
    text: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """What is stored in its place."""
        return hashlib.sha256(self.text.encode()).digest()

    def is_of(self, digest: bytes) -> bool:
        """Whether this is the key that was stored; takes as long for every answer."""
        return hmac.compare_digest(self.digest, digest)


def new_key() -> Key:
    """A key that nobody has."""
    key_id = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return Key(key_id, f"{MARK}{key_id}_{secrets.token_urlsafe(32)}")


def read_key(text: str) -> Key | None:
    """The key in a text; None if it is none."""
    found = _FORM.fullmatch(text)
    return Key(found["id"], text) if found else None
