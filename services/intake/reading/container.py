"""ZIP files: what they hold by their directory, and whether they may be unpacked."""

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from services.intake.file_problems import FileBomb, FileCorrupt, FileEncrypted, FileTypeMismatch

MOST_ENTRIES = 2_000
MOST_BYTES = 200_000_000
MOST_SHEET = 100_000_000
MOST_DOCUMENT = 16_000_000
MOST_RATIO = 200
SMALL = 1 << 20  # no bomb: what is mostly blank packs well
MOST_CELLS = 20_000_000  # of the rectangle that a sheet's cells span
# of cells and of rows, which can be anywhere without a cell that says so
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,7})["']""")
_OVERLAP = 256  # bytes; longer than any match
_NESTED = (".zip", ".gz", ".7z", ".rar", ".bz2", ".xz", ".xlsx", ".docx", ".jar")
_ENCRYPTED = 1


def kind_of(path: Path) -> str:
    """``xlsx`` or another word for what a ZIP file is. Raises ``FileBomb``, ``FileCorrupt``, ``FileEncrypted``.

    Also raises ``FileTypeMismatch`` where something else stands before or behind the archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_frame(archive, path)
            _check_entries(entries)
            kind = _kind({entry.filename for entry in entries})
            if kind == "xlsx":
                _check_sheets(archive, entries)
            return kind
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, zlib.error) as error:
        raise FileCorrupt(f"The archive cannot be read: {error}") from error


def _check_frame(archive: zipfile.ZipFile, path: Path) -> None:
    """Readers disagree on what a file is that is an archive only from its middle on."""
    end = archive.start_dir + sum(
        46 + len(one.orig_filename.encode()) + len(one.extra) + len(one.comment) for one in archive.infolist()
    )
    rest = path.stat().st_size - end - 22 - len(archive.comment)
    first = min((entry.header_offset for entry in archive.infolist()), default=0)
    if first or rest > MOST_ENTRIES:
        raise FileTypeMismatch("The archive stands inside of something else")


def _check_entries(entries: Sequence[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise FileBomb(f"It has {len(entries)} parts; {MOST_ENTRIES} may be")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise FileEncrypted
    for entry in entries:
        if entry.filename.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", entry.filename):
            raise FileCorrupt("A part of it has a name that leads out of it")
    _check_sizes(entries)
    _check_overlaps(entries)


def _check_sizes(entries: Sequence[zipfile.ZipInfo]) -> None:
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise FileBomb(f"It unpacks to more than {MOST_BYTES} bytes")
    for entry in entries:
        most = MOST_DOCUMENT if entry.filename.endswith("document.xml") else MOST_SHEET
        if entry.file_size > most:
            raise FileBomb(f"{entry.filename[:80]} unpacks to {entry.file_size} bytes; {most} may be")
        if entry.file_size > max(SMALL, MOST_RATIO * entry.compress_size):
            raise FileBomb(f"{entry.filename[:80]} unpacks to more than {MOST_RATIO} times its size")
        if entry.filename.lower().endswith(_NESTED):
            raise FileBomb(f"It has another archive in it: {entry.filename[:80]}")


def _check_overlaps(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Many parts made of the same bytes multiply them."""
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    for one, following in pairwise(ordered):
        if one.header_offset + one.compress_size > following.header_offset:
            raise FileBomb("Parts of it share their bytes")


def _kind(names: set[str]) -> str:
    known = {
        "xl/workbook.xml": "xlsx",
        "xl/workbook.bin": "xlsb",
        "word/document.xml": "docx",
        "ppt/presentation.xml": "pptx",
        "content.xml": "opendocument",
        "META-INF/MANIFEST.MF": "jar",
    }
    found = [kind for name, kind in known.items() if name in names]
    if len(found) > 1:
        raise FileTypeMismatch(f"It is {' and '.join(found)} at once")
    return found[0] if found else "zip"


def _check_sheets(archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo]) -> None:
    # sheets are where the workbook says they are, which is not always in their folder
    for entry in entries:
        if entry.filename.lower().startswith("xl/") and entry.filename.lower().endswith(".xml"):
            rows, columns = _span(_blocks(archive, entry))
            if rows * columns > MOST_CELLS:
                raise FileBomb(f"Its cells span {rows} rows and {columns} columns; {MOST_CELLS} cells may be")


def _blocks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as part:
        kept = b""
        while block := part.read(1 << 20):
            yield kept + block
            kept = block[-_OVERLAP:]


def _span(blocks: Iterator[bytes]) -> tuple[int, int]:
    rows, columns = 0, b""
    for block in blocks:
        for column, row in _CELL.findall(block):
            rows = max(rows, int(row))
            columns = max(columns, column.upper(), key=lambda name: (len(name), name))
    width = 0
    for letter in columns:
        width = width * 26 + letter - ord("A") + 1
    return rows, width
