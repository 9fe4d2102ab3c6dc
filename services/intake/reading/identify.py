"""What a file is: its bytes decide, and its name may not mislead."""

import re
from pathlib import Path, PurePath

from services.intake.file_problems import (
    FileCorrupt,
    FileEmpty,
    FileEncrypted,
    FileTypeMismatch,
    FileTypeUnsupported,
)
from services.intake.reading import container, dialect, text

TABULAR = ("csv", "xlsx", "json", "ndjson", "parquet")
_HEAD = 64 << 10
_PARQUET = b"PAR1"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC = {
    b"%PDF": "pdf",
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF8": "gif",
    b"RIFF": "riff",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"7z\xbc\xaf": "7z",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"Rar!": "rar",
    b"MZ": "exe",
    b"\x7fELF": "elf",
    b"SQLite format 3\0": "sqlite",
    b"{\\rtf": "rtf",
    b"ARROW1": "arrow",
    b"Obj\x01": "avro",
    b"ORC": "orc",
}
_WORDS = (_PARQUET, b"RIFF", b"BZh", b"Rar!", b"MZ", b"ARROW1", b"ORC")  # columns begin like that, too
_MARKUP = re.compile(r"<(!doctype|\?xml|html|head|body|svg|script|table|!--)", re.IGNORECASE)
_JSON = re.compile(r"""\{\s*(["}]|$)|\[\s*(["{\[\]0-9-]|true|false|null|$)""")
_CLAIMS = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".psv"), "csv"),
    **dict.fromkeys((".json", ".ndjson", ".jsonl"), "json"),
    **{f".{kind}": kind for kind in ("xlsx", "parquet", "pdf", "docx", "pptx", "png", "gif", "xlsb", "zip", "rtf")},
    **dict.fromkeys((".jpg", ".jpeg"), "jpeg"),
    **dict.fromkeys((".xls", ".doc", ".ppt", ".msg"), "ole"),
    **dict.fromkeys((".htm", ".html", ".xml", ".svg"), "markup"),
    **dict.fromkeys((".ods", ".odt"), "opendocument"),
    ".gz": "gzip",
    ".exe": "exe",
}


def identify(path: str, filename: str) -> str:
    """One of ``TABULAR``. Raises every problem of ``file_problems`` but ``FileTooComplex``."""
    file = Path(path)
    with file.open("rb") as opened:
        head = opened.read(_HEAD)
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise FileEmpty("The file has no bytes" if not head else "The file is blank")
    kind = _kind(file, head, filename)
    claimed = _claimed(filename)
    if claimed is not None and claimed != ("json" if kind == "ndjson" else kind.partition(" ")[0]):
        raise FileTypeMismatch(f"Its name says {claimed}, its bytes say {kind}")
    if kind not in TABULAR:
        raise FileTypeUnsupported(f"It is {kind}, which has no rows to import")
    return kind


def _claimed(filename: str) -> str | None:
    return _CLAIMS.get(PurePath(filename.lower()).suffix)


def _kind(path: Path, head: bytes, filename: str) -> str:
    if head.startswith(_WORDS) and _has_columns(head):
        return _text(head, filename)
    if head.startswith(b"PK\x03\x04"):
        return container.kind_of(path)
    if head.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
            raise FileEncrypted
        return "ole"
    if head.startswith(_PARQUET):
        return _parquet(path)
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    return "pdf" if b"%PDF-" in head[:1024] else _text(head, filename)


def _has_columns(head: bytes) -> bool:
    sample = text.sample(head)
    return sample is not None and "\n" in sample and dialect.columns_in(sample) > 1


def _parquet(path: Path) -> str:
    with path.open("rb") as opened:
        opened.seek(0, 2)
        opened.seek(max(0, opened.tell() - len(_PARQUET)))
        end = opened.read()
    if end == b"PARE":
        raise FileEncrypted
    if end != _PARQUET:
        raise FileCorrupt("The Parquet file stops before its end")
    return "parquet"


def _text(head: bytes, filename: str) -> str:
    sample = text.sample(head)
    if sample is None:
        return "binary"
    begun = sample.lstrip()
    if _MARKUP.match(begun) or (begun.startswith("<") and _claimed(filename) == "markup"):
        return "markup"
    if _JSON.match(begun) or (begun[:1] in {"[", "{"} and _claimed(filename) == "json"):
        return _json(begun)
    if _claimed(filename) == "csv" or dialect.columns_in(sample) > 1:
        return "csv"
    return "text"


def _json(sample: str) -> str:
    first = sample.partition("\n")[0].rstrip()
    if sample.startswith("["):
        return "json" if re.match(r"\[\s*([{\]]|$)", sample) else "json without objects"
    return "ndjson" if first.endswith("}") or len(first) > _HEAD // 2 else "json without an array"
