"""Open an .xlsx or .ods file, which is a zip of XML: only what is small, plain and safe is unpacked.

Everything is looked at here before any other reader sees it: the sizes that the zip directory promises,
names, checksums, macros, and document types in every part.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

from demilsim.scenario.phrases import shown
from demilsim.scenario.text import Refused, read_bytes
from demilsim.scenario.xml_text import parse

MAX_FILE_BYTES = 20_000_000
MAX_UNPACKED_BYTES = 60_000_000
MAX_RATIO = 100
RATIO_FROM_BYTES = 1_000_000
"""A part smaller than this may be packed as tightly as it likes."""
MAX_PARTS = 1_000
ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_XML = (".xml", ".rels")
_MACROS = ("vbaproject", "basic/", "scripts/")
_ENCRYPTED = 0x1
Parts = dict[str, bytes]


def read_package(path: Path) -> Parts:
    """Return the XML parts of a workbook by name.

    Parameters
    ----------
    path
        An ``.xlsx`` or ``.ods`` file.

    Raises
    ------
    Refused
        If it is no such file, is or would become too large, holds macros, or any part of it is unsafe.
    """
    data = read_bytes(path, MAX_FILE_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_directory(archive)
            parts = {info.filename: archive.read(info) for info in archive.infolist() if _wanted(info)}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise Refused(
            0, "expected a whole workbook, .xlsx or .ods, without a password "
            f"(got something that cannot be unpacked: {shown(str(error))})",
        ) from None  # fmt: skip
    _check_kind(parts)
    for name, part in parts.items():
        if name.endswith(_XML):
            try:
                parse(part)
            except Refused as refused:
                raise Refused(0, f"part {name}, line {refused.line}: {refused.message}") from None
    return parts


def repacked(parts: Parts) -> io.BytesIO:
    """Return parts as a zip again: what another reader is given is what was looked at, and no more."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    buffer.seek(0)
    return buffer


def _wanted(info: zipfile.ZipInfo) -> bool:
    return info.filename == "mimetype" or info.filename.endswith(_XML)


def _check_directory(archive: zipfile.ZipFile) -> None:
    infos = archive.infolist()
    if len(infos) > MAX_PARTS:
        raise Refused(0, f"expected at most {MAX_PARTS} parts in the file (got {len(infos):,})")
    total = sum(info.file_size for info in infos)
    if total > MAX_UNPACKED_BYTES:
        limit = MAX_UNPACKED_BYTES // 1_000_000
        raise Refused(0, f"expected at most {limit} MB when unpacked (got {total // 1_000_000:,} MB)")
    seen = set()
    for info in infos:
        name = info.filename
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > RATIO_FROM_BYTES and ratio > MAX_RATIO:
            raise Refused(
                0, f"part {shown(name)}: expected to grow at most {MAX_RATIO} times when unpacked "
                f"(got {ratio:,.0f} times); is it a zip bomb?",
            )  # fmt: skip
        if name.startswith("/") or "\\" in name or ".." in name.split("/"):
            raise Refused(0, f"part {shown(name)}: expected a name inside the file")
        if name.lower() in seen:
            raise Refused(0, f"part {shown(name)}: expected each part once (got it twice)")
        seen.add(name.lower())
        if info.flag_bits & _ENCRYPTED:
            raise Refused(0, f"part {shown(name)}: expected no password (got an encrypted part)")
        if any(macro in name.lower() for macro in _MACROS):
            raise Refused(
                0, f"part {shown(name)}: expected a workbook without macros (got some); "
                "save it as .xlsx or .ods without them",
            )  # fmt: skip


def _check_kind(parts: Parts) -> None:
    if parts.get("mimetype", b"").strip() == ODS_TYPE and "content.xml" in parts:
        return
    if "xl/workbook.xml" in parts and "[Content_Types].xml" in parts:
        return
    raise Refused(0, "expected a workbook, .xlsx or .ods (got a zip file of something else)")
