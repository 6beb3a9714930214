"""Files as sources: looked over once before anything is loaded, so that a file that cannot be used is named at once."""

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graph.errors import BadInput

BLOCK = 1 << 20
MARKS: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "is a Parquet file; give it a name that ends in .parquet, or say --format events_parquet"),
    (b"\x1f\x8b", "is compressed with gzip; unpack it first: gunzip FILE"),
    (b"PK\x03\x04", "is a zip archive or a spreadsheet; unpack it, or save the sheet as CSV in UTF-8"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd; unpack it first: zstd -d FILE"),
)
"""How files that are no text begin."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file, or a folder that is loaded as one, after it was looked over."""

    path: Path
    digest: str
    """SHA-256 of the content, in hex: names the file whatever its name."""
    size: int
    """Bytes."""
    records: int
    """How many records it holds, as far as can be told beforehand: an upper bound for text files."""
    encoding: str = "utf-8"
    speaks_of_zones: bool = True
    """False where no record can name a store's time zone."""


def existing_file(path: Path) -> Path:
    """The path, if a file can be read there; BadInput says what is there instead."""
    if path.is_dir():
        raise BadInput(f"{path} is a folder; name the files in it, such as {path}/*.parquet")
    try:
        with path.open("rb"):
            return path
    except FileNotFoundError as error:
        raise BadInput(f"{path} does not exist; check the name") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def look_over_text(path: Path, encoding: str | None) -> SourceFile:
    """Reads the whole file once: digest, lines, encoding. BadInput where it is no text, or text of another encoding."""
    existing_file(path)
    wanted = _known_encoding(encoding or "utf-8")
    digest, lines, size, zones, last = hashlib.sha256(), 0, 0, False, b"\n"
    decoder = codecs.getincrementaldecoder(wanted)()
    tail = b""
    for block in _blocks(path):
        if size == 0:
            _refuse_marks(path, block)
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            line = lines + 1 + block[: error.start].count(b"\n")
            raise BadInput(_wrong_encoding(path, wanted, line)) from error
        digest.update(block)
        zones = zones or b"time_zone" in tail + block
        lines, size, tail, last = lines + block.count(b"\n"), size + len(block), block[-16:], block[-1:]
    return SourceFile(path, digest.hexdigest(), size, lines + (last != b"\n"), wanted, zones or wanted != "utf-8")


def look_over_bytes(path: Path, records: int) -> SourceFile:
    """Reads the whole file once for its digest."""
    digest, size = hashlib.sha256(), 0
    for block in _blocks(existing_file(path)):
        digest.update(block)
        size += len(block)
    return SourceFile(path, digest.hexdigest(), size, records)


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def _known_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise BadInput(f"encoding must be a name such as utf-8, gb18030 or utf-16, not {name}") from error


def _refuse_marks(path: Path, block: bytes) -> None:
    for mark, advice in MARKS:
        if block.startswith(mark):
            raise BadInput(f"{path} {advice.replace('FILE', str(path))}")


def _wrong_encoding(path: Path, wanted: str, line: int) -> str:
    guess = _guess(path)
    if guess is None or guess == wanted:
        return f"{path} is not {wanted} (line {line}); save it as UTF-8, or name its encoding: --encoding NAME"
    return (
        f"{path} is not {wanted} (line {line}) but looks like {guess}; load it with --encoding {guess}, "
        f"or convert it: iconv -f {guess} -t utf-8 {path} > NEW"
    )


def _guess(path: Path) -> str | None:
    with path.open("rb") as file:
        start = file.read(BLOCK)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for name in ("utf-8", "gb18030"):
        try:
            codecs.getincrementaldecoder(name)().decode(start)
        except UnicodeDecodeError:
            continue
        return name
    return None
