"""Names of files: kept to be shown, never to say where something lies."""

import re
import unicodedata

LONGEST = 200  # bytes of UTF-8
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ud800-\udfff\ufeff]")


def shown_name(name: str) -> str:
    """The last part of a file's name as it is shown: without what cannot be seen, at most 200 bytes."""
    plain = _UNSEEN.sub("", unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])).strip()
    if plain in {"", ".", ".."}:
        return "file"
    if len(plain.encode()) <= LONGEST:
        return plain
    stem, dot, extension = plain.rpartition(".")
    ending = (dot + extension).encode()[:20] if stem else b""
    kept = (stem or plain).encode()[: LONGEST - len(ending)]
    return kept.decode("utf-8", "ignore") + ending.decode("utf-8", "ignore")
