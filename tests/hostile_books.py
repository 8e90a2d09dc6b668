"""Workbooks that a stranger could send to do harm, each with what must be said of it."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from books import Parts, packed, parts_of, sheet_part, with_cell, with_part, with_sheet, with_text

MEGABYTE = 1_000_000
OLE_HEAD = bytes.fromhex("d0cf11e0a1b11ae1")
BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "boom">%s]><x>&j;</x>""" % b"".join(
    b'<!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">' % (c, *[c - 1] * 10) for c in b"bcdefghij"
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
ODS_HEAD = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="lots">'
)
ODS_FOOT = "</table:table></office:spreadsheet></office:body></office:document-content>"


MANIFEST = (
    b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    b'<manifest:file-entry manifest:full-path="/" manifest:media-type="%s"/></manifest:manifest>' % ODS_TYPE
)


@dataclass(frozen=True)
class Hostile:
    """A file, its ending, and the sentence that must be said of it with its place."""

    name: str
    data: bytes
    match: str
    suffix: str = ".xlsx"


def hostile_books(book: bytes) -> Iterator[Hostile]:
    """Yield hostile files made from a good one."""
    yield from _archives(book)
    yield from _documents(book)
    yield from _sheets(book)
    yield from _open_documents()


def _archives(book: bytes) -> Iterator[Hostile]:
    parts = parts_of(book)
    yield Hostile("empty", b"", "cannot be unpacked")
    yield Hostile("no zip", b"lot_id,neq_kg\n", "cannot be unpacked")
    yield Hostile("old or protected", OLE_HEAD + bytes(4096), "without a password")
    yield Hostile("cut short", book[: len(book) // 2], "cannot be unpacked")
    yield Hostile("other zip", packed({"a.txt": b"a"}), "a zip file of something else")
    yield Hostile(
        "bomb", with_part(book, "xl/media/a.bin", bytes(20 * MEGABYTE)), r"a\.bin.*grow at most 100 times"
    )
    small = {f"xl/media/{n}.bin": bytes(MEGABYTE) for n in range(61)}
    yield Hostile("many small bombs", packed(parts | small), "at most 60 MB when unpacked")
    many = {f"xl/media/{n}.bin": b"" for n in range(1200)}
    yield Hostile("many parts", packed(parts | many), "at most 1000 parts")
    yield Hostile("too large", bytes(21 * MEGABYTE), "at most 20 MB")
    yield Hostile("path up", with_part(book, "../../evil.xml", b"<x/>"), r"evil\.xml.*a name inside the file")
    yield Hostile("path from the root", with_part(book, "/etc/evil.xml", b"<x/>"), "a name inside the file")
    yield Hostile("twice", packed(parts | {"XL/workbook.xml": b"<x/>"}), "each part once")
    yield Hostile("macros", with_part(book, "xl/vbaProject.bin", b"x"), "without macros")
    yield Hostile("lies of its size", _lying(book), "cannot be unpacked")
    yield Hostile("encrypted", _flagged(book), "no password")


def _documents(book: bytes) -> Iterator[Hostile]:
    lots = sheet_part(parts_of(book), "lots")
    for name, part in (("sheet", lots), ("texts", "xl/sharedStrings.xml"), ("book", "xl/workbook.xml")):
        yield Hostile(
            f"entities in the {name}", with_part(book, part, BOMB), rf"{part}, line 1: expected no DOCTYPE"
        )
        yield Hostile(f"outside entity in the {name}", with_part(book, part, OUTSIDE), "expected no DOCTYPE")
    yield Hostile("entities aside", with_part(book, "docProps/app.xml", BOMB), "expected no DOCTYPE")
    deep = b"<a>" * 100_000 + b"</a>" * 100_000
    yield Hostile("deep", with_part(book, lots, deep), "at most 100 levels")
    yield Hostile("torn", with_part(book, lots, b"<worksheet><sheetData><row>"), r"line 1: expected XML")
    yield Hostile("not text", with_part(book, lots, b"\xff\xfe\x00\xd8" * 9), "expected XML")
    yield Hostile(
        "odd encoding", with_part(book, lots, b'<?xml version="1.0" encoding="x-evil"?><x/>'), "expected XML"
    )
    latin = b'<?xml version="1.0" encoding="utf-8"?><x>\xe9\xe9</x>'
    yield Hostile("mixed encodings", with_part(book, lots, latin), "expected XML")


def _sheets(book: bytes) -> Iterator[Hostile]:
    yield Hostile(
        "formula",
        with_cell(book, "lots", "E3", "<f>1+1</f><v>2</v>"),
        r"row 3, column neq_kg \(cell E3\).*a formula",
    )
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    yield Hostile(
        "far cell",
        with_sheet(book, "lots", lambda t: t.replace("</sheetData>", far)),
        "lots, cell XFD1048576",
    )
    row = '<row r="{0}">' + "".join(f'<c r="{c}{{0}}"><v>1</v></c>' for c in "ABCDEFGHIJKLM") + "</row>"
    many = "".join(row.format(n) for n in range(100, 10_000)) + "</sheetData>"
    yield Hostile(
        "many cells",
        with_sheet(book, "lots", lambda t: t.replace("</sheetData>", many)),
        "at most 100,000 cells",
    )
    yield Hostile("one text, many cells", _shared(book), "at most 50 million characters")
    yield Hostile("error", with_cell(book, "lots", "E3", "<v>#N/A</v>", "e"), r"cell E3\).*an error")
    for number in ("NaN", "INF", "-INF", "1e999", "9" * 400):
        yield Hostile(f"number {number[:5]}", with_cell(book, "lots", "E3", f"<v>{number}</v>"), r"cell E3\)")
    yield Hostile("control", with_text(book, "sites", "B3", "a_x0007_b"), r"cell B3\).*control characters")
    parts = parts_of(book)
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        b'name="routes"', b"name=\"=cmd|' /C calc'!A0\""
    )
    yield Hostile("sheet named as a formula", packed(parts), "unknown sheet")
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b'name="funds"', b'name="lots"')
    yield Hostile("two sheets of one name", packed(parts), "lots")


def _shared(book: bytes) -> bytes:
    """Return a workbook in which one text of a megabyte is shown in many cells."""
    parts = parts_of(book)
    text = "x" * MEGABYTE
    parts["xl/sharedStrings.xml"] = f"<sst><si><t>{text}</t></si></sst>".encode()
    lots = sheet_part(parts, "lots")
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 1000))
    root = "worksheet"
    parts[lots] = f"<{root}><sheetData>{rows}</sheetData></{root}>".encode()
    return packed(parts, zipfile.ZIP_STORED)


def _open_documents() -> Iterator[Hostile]:
    def ods(rows: str, **more: bytes) -> bytes:
        parts: Parts = {
            "mimetype": ODS_TYPE,
            "content.xml": f"{ODS_HEAD}{rows}{ODS_FOOT}".encode(),
            "META-INF/manifest.xml": MANIFEST,
        }
        return packed(parts | more)

    cell = '<table:table-cell office:value-type="float" office:value="1"{0}/>'
    row = "<table:table-row{0}>{1}</table:table-row>"
    formula = row.format("", cell.format(' table:formula="of:=1+1"'))
    yield Hostile("ods formula", ods(formula), r"sheet lots, row 1.*\(cell A1\).*a formula", ".ods")
    wide = row.format(
        ' table:number-rows-repeated="100000"', cell.format(' table:number-columns-repeated="10000"')
    )
    yield Hostile("ods repeated cells", ods(wide), "sheet lots, cell .*all cells within", ".ods")
    tall = row.format(' table:number-rows-repeated="99999999999999999999"', cell.format(""))
    yield Hostile("ods repeated rows", ods(tall), "sheet lots, cell", ".ods")
    gap = row.format("", '<table:table-cell table:number-columns-repeated="2147483647"/>' + cell.format(""))
    yield Hostile("ods gap", ods(gap), "sheet lots, cell", ".ods")
    error = row.format("", '<table:table-cell office:value-type="error"/>')
    yield Hostile("ods error", ods(error), r"\(cell A1\).*an error", ".ods")
    yield Hostile(
        "ods entities", packed({"mimetype": ODS_TYPE, "content.xml": BOMB}), "expected no DOCTYPE", ".ods"
    )
    yield Hostile("ods macros", ods("", **{"Basic/Standard/x.xml": b"<x/>"}), "without macros", ".ods")


def _lying(book: bytes) -> bytes:
    """Return a workbook whose zip directory gives a part fewer bytes than it has."""
    data = bytearray(book)
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        start = archive.start_dir
    struct.pack_into("<I", data, start + 24, 10)
    return bytes(data)


def _flagged(book: bytes) -> bytes:
    """Return a workbook whose first part is said to be encrypted."""
    data = bytearray(book)
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        start = archive.start_dir
    data[start + 8] |= 1
    return bytes(data)
