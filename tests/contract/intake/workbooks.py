"""Workbooks and other archives, whole and spoiled."""

import io
import struct
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import xlsxwriter

CELLS = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
WORKBOOK = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}


def archive(parts: dict[str, Any], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as written:
        for name, content in parts.items():
            written.writestr(name, content)
    return made.getvalue()


def by_hand(rows: str, **parts: Any) -> bytes:
    """A workbook with this inside of its sheet."""
    return archive({**WORKBOOK, "xl/worksheets/sheet1.xml": CELLS.format(rows), **parts})


def workbook(*sheets: list[list[Any]]) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"default_date_format": "yyyy-mm-dd"}) as book:
        for rows in sheets:
            sheet = book.add_worksheet()
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    sheet.write(number, place, cell)
    return made.getvalue()


def hidden_first() -> bytes:
    """A hidden sheet before the one that its maker sees, which has durations."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        sheet, seen = book.add_worksheet("hidden"), book.add_worksheet("seen")
        sheet.write_column(0, 0, ["secret", 1])
        sheet.hide()
        seen.write_column(0, 0, ["took", 1.25, 0.5, 1 / 86_400], book.add_format({"num_format": "[h]:mm:ss"}))
        seen.activate()
    return made.getvalue()


def plain() -> bytes:
    return workbook([["id", "day", "amount", "code"], [1, date(2024, 1, 2), 0.5, "007"], [2, date(2024, 1, 3), 1, "8"]])


def moments() -> bytes:
    at = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC).replace(tzinfo=None)
    return workbook([["at"], [at], [date(2024, 1, 3)]])


def formulas() -> bytes:
    return workbook([["a", "b"], [1, "=A2*2"], [2, "=1/0"]])


def far_cell(*, letters: str = "XFD", sheet: str = "xl/worksheets/sheet1.xml") -> bytes:
    """About a kilobyte that wants every cell there can be."""
    rows = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="{letters}1048576"><v>1</v></c></row>'
    there = WORKBOOK["xl/_rels/workbook.xml.rels"].replace("worksheets/sheet1.xml", sheet.removeprefix("xl/"))
    return archive({**WORKBOOK, "xl/_rels/workbook.xml.rels": there, sheet: CELLS.format(rows)})


def far_cell_unseen() -> bytes:
    """The same, written so that a look at its bytes does not see it."""
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="&#88;FD1048576"><v>1</v></c></row>'
    return by_hand(rows)


def far_row() -> bytes:
    """The last cell of the first row, and one of the last row that does not say its column."""
    return by_hand('<row r="1"><c r="XFD1"><v>1</v></c></row><row r="1048576"><c><v>1</v></c></row>')


def wide_dimension() -> bytes:
    """Two cells that are said to be in a very large sheet."""
    sheet = CELLS.format('<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>')
    told = sheet.replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
    return by_hand("", **{"xl/worksheets/sheet1.xml": told})


def many_empty_rows() -> bytes:
    """Cells that do not say where they are."""
    return by_hand("<row><c><v>1</v></c></row>" * 3)


def fat_sheet() -> bytes:
    return by_hand('<row r="1"><c r="A1"><v>1</v></c></row>' + " " * 120_000_000)


def fat_document() -> bytes:
    """64 MB of XML in about 223 KB."""
    paragraph = "".join(f"<w:p><w:r><w:t>{number}</w:t></w:r></w:p>" for number in range(4))
    body = paragraph * (64_000_000 // len(paragraph))
    return archive({"[Content_Types].xml": "<Types/>", "word/document.xml": f"<w:document>{body}</w:document>"})


def fat_strings() -> bytes:
    return by_hand("", **{"xl/sharedStrings.xml": "<sst>" + "<si><t>aaaaaaaaaaaaaaaa</t></si>" * 4_000_000 + "</sst>"})


def entities() -> bytes:
    """Text that doubles itself thirty times."""
    doubling = "".join(f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};">' for n in range(1, 31))
    text = f'<!DOCTYPE sst [<!ENTITY e0 "ha">{doubling}]><sst><si><t>&e30;</t></si></sst>'
    return by_hand('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', **{"xl/sharedStrings.xml": text})


def many_parts() -> bytes:
    return archive({**WORKBOOK, **{f"xl/extra{number}.xml": "" for number in range(2_100)}})


def nested() -> bytes:
    inner = archive({"zeros": b"\0" * 100_000})
    return archive({**WORKBOOK, "xl/inner.zip": inner})


def escaping() -> bytes:
    return archive({**WORKBOOK, "../../etc/cron.d/x": "* * * * * root true"})


def encrypted() -> bytes:
    """A workbook whose parts say that they need a password."""
    raw = bytearray(plain())
    place = 0
    while (place := raw.find(b"PK\x01\x02", place)) >= 0:
        struct.pack_into("<H", raw, place + 8, struct.unpack_from("<H", raw, place + 8)[0] | 1)
        place += 4
    return bytes(raw)


def overlapping() -> bytes:
    """Parts that all lie at the same place."""
    raw = bytearray(archive({**WORKBOOK, **{f"xl/p{n}.xml": "0123456789" * 100 for n in range(50)}}))
    place, first = 0, None
    while (place := raw.find(b"PK\x01\x02", place)) >= 0:
        first = struct.unpack_from("<I", raw, place + 42)[0] if first is None else first
        struct.pack_into("<I", raw, place + 42, first)
        place += 4
    return bytes(raw)


def password() -> bytes:
    """As office programs encrypt: an OLE file with the package in it."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1016
    return head + "EncryptedPackage".encode("utf-16-le") + b"\0" * 1000


def damaged() -> bytes:
    raw = bytearray(plain())
    place = raw.find(b"xl/worksheets/sheet1.xml") + 60
    raw[place : place + 40] = b"\xff" * 40
    return bytes(raw)
