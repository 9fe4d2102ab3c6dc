"""Text of whatever encoding, made UTF-8 with one kind of line end."""

import codecs
import io
import re
from pathlib import Path

from services.intake.file_problems import FileCorrupt

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LEGACY = ["cp1252", "cp1250", "cp1251", "cp1253", "shift_jis", "gb18030", "big5", "euc_kr"]
_HIGH = re.compile(rb"[\x80-\xff]")
# a letter with an accent, or the euro, among plain ones: other scripts write whole words of such bytes
_ACCENT = re.compile(rb"(?<![\x80-\xff])[\x80\xc0-\xff](?![\x80-\xff])")
_SAMPLE = 64 << 10
_BLOCK = 1 << 20
# a search for each of them is many times as fast as one for any
_ODD = (*range(0x09), *range(0x0E, 0x20), 0x7F)
_NOT_PLAIN = (*_ODD, ord("\r"))


def sample(head: bytes) -> str | None:
    """The text that the first bytes of a file are; None if they are none."""
    encoding = encoding_of(head)
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    try:
        said = decoder.decode(head)
    except UnicodeDecodeError:
        return None
    return None if _is_odd(said) else io.IncrementalNewlineDecoder(None, translate=True).decode(said)


def to_utf8(source: Path, target: Path) -> tuple[Path, str]:
    """Where the text of a file stands as UTF-8 with line feeds, and the encoding it had. Raises ``FileCorrupt``.

    It is written to ``target``, unless the file itself is like that.
    """
    if _is_plain(source):
        return source, "utf-8"
    encoding = _encoding(source)
    try:
        _transcode(source, target, encoding)
    except UnicodeDecodeError as error:
        raise FileCorrupt(f"It is not the {encoding} text that it begins as: {error.reason}") from error
    return target, "utf-8" if encoding == "utf-8-sig" else encoding


def _is_plain(source: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with source.open("rb") as opened:
        if opened.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
            return False
        opened.seek(0)
        try:
            while block := opened.read(_BLOCK):
                if any(byte in block for byte in _NOT_PLAIN):
                    return False
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _encoding(source: Path) -> str:
    with source.open("rb") as opened:
        said = encoding_of(opened.read(_SAMPLE))
    if said in {*_MARKS.values(), "utf-16-le", "utf-16-be"}:
        return said
    odd = _first_odd(source)
    return "utf-8-sig" if odd is None else _legacy(odd)


def encoding_of(head: bytes) -> str:
    """The encoding that the first bytes of a text speak for."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    if (wide := _wide(head)) is not None:
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return _legacy(head)
    return "utf-8"


def _wide(head: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of Western text is zero."""
    half = max(1, len(head) // 2)
    low, high = head[0::2].count(0) / half, head[1::2].count(0) / half
    most, least = 0.4, 0.05
    if high > most and low < least:
        return "utf-16-le"
    return "utf-16-be" if low > most and high < least else None


def _legacy(head: bytes) -> str:
    if 2 * len(_ACCENT.findall(head)) > len(_HIGH.findall(head)) and _fits(head, "cp1252"):
        return "cp1252"
    from charset_normalizer import from_bytes  # noqa: PLC0415  # only few files need it

    best = from_bytes(head, cp_isolation=_LEGACY).best()
    guess = best.encoding if best is not None else "cp1252"
    if guess in {"cp1250", "cp1252"} or best is None:
        guess = "cp1252" if _fits(head, "cp1252") else "latin-1"
    return guess


def _fits(head: bytes, encoding: str) -> bool:
    try:
        head.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _first_odd(source: Path) -> bytes | None:
    """What stands around the first bytes that are no UTF-8; None if all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with source.open("rb") as opened:
        try:
            while block := opened.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            return error.object[max(0, error.start - _SAMPLE) : error.start + _SAMPLE]
    return None


def _transcode(source: Path, target: Path, encoding: str) -> None:
    lines = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    with source.open("rb") as opened, target.open("w", encoding="utf-8", newline="\n") as written:
        while block := opened.read(_BLOCK):
            written.write(_plain(lines.decode(block)))
        written.write(_plain(lines.decode(b"", final=True)))


def _is_odd(said: str) -> bool:
    return any(chr(code) in said for code in _ODD)


def _plain(said: str) -> str:
    if _is_odd(said):
        raise FileCorrupt("It begins as text and has other bytes in it")
    return said
