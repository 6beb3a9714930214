"""The formats that can be loaded, one file each."""

from loaders.formats import completejourney, dead_letters, events_csv, events_jsonl, events_parquet
from loaders.formats.format import Format

__all__ = ["FORMATS", "Format"]

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        events_jsonl.FORMAT,
        events_csv.FORMAT,
        events_parquet.FORMAT,
        dead_letters.FORMAT,
        completejourney.FORMAT,
    )
}
"""Every format by its name; a format of a vendor is one more file and one more entry."""
