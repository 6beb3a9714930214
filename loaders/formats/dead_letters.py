"""dead_letters: an exported file of dead letters, repaired by hand, loaded again."""

from collections.abc import Iterator

import msgspec

from loaders.formats.events_jsonl import look_over, numbered_lines, read_lines
from loaders.formats.format import Format, profiles_among
from loaders.records import Records, joined, pieces
from loaders.sources.files import SourceFile


class Letter(msgspec.Struct):
    """What a load of an exported file reads of each letter."""

    raw: str
    record: dict[str, msgspec.Raw] | None = None
    source: str | None = None


_decoder = msgspec.json.Decoder(Letter)


def read(file: SourceFile, batch_rows: int) -> Iterator[Records]:
    """The letters' records, `batch_rows` together."""
    lines = ((number, repaired(line)) for number, line in numbered_lines(file))
    while parts := [read_lines(piece) for piece in pieces(lines, batch_rows)]:
        yield joined(parts)


def repaired(line: bytes) -> bytes:
    """The event of a letter: its `record`, else its `raw` text; of the letter's source where it does not say its own.

    A line that is no letter is taken for an event that was put in its place.
    """
    try:
        letter = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return line
    if letter.record is None:
        return letter.raw.replace("\n", " ").encode()
    source = {"source": letter.source} if letter.source is not None else {}
    return msgspec.json.encode({**source, **letter.record})


FORMAT = Format(
    name="dead_letters",
    meaning="Dead letters as they were exported; `record` (or `raw`, where it is null) is what gets repaired.",
    suffixes=(),
    look_over=look_over,
    read=read,
    profiles=profiles_among(read),
)
