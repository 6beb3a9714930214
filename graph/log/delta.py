"""A Delta table in a folder: opened or created, locked for writing, read at its newest version."""

import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage
from urllib.parse import unquote

import polars as pl
from deltalake import (
    CommitProperties,
    DeltaTable,
    PostCommitHookProperties,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from filelock import FileLock, Timeout
from polars.exceptions import PolarsError

from graph.errors import LogUnavailable

LOCK_FILE = "_write.lock"
"""Delta readers and vacuum pass over names that begin with an underscore."""
LOCK_SECONDS = 300.0
RESERVE_BYTES = 2**20
WHOLE_BYTES = 32 * 2**20
"""A file of so many bytes is joined to no other: what compaction writes again stays bounded."""
_KEPT: Mapping[str, str] = {
    "delta.logRetentionDuration": "interval 10 minutes",
    "delta.deletedFileRetentionDuration": "interval 1 days",
}
"""A commit costs a little for each earlier one that lies beside it (9 µs): those in a checkpoint go after ten minutes.
Files that compaction has replaced, one a commit under a trickle, go after a day: so long has a reader of an older
version to finish.

Nothing here reads an old version of a table: rows carry the version that brought them.
"""

CHECKPOINT_COMMITS = 100
_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
"""What delta-rs does after each commit to see whether a checkpoint is due keeps some 10 KB of memory for good."""


class Conflict(Exception):
    """Another writer committed this version first: look again, then write again."""


class Table:
    """One Delta table, safe for the threads and the processes that share its folder."""

    def __init__(
        self,
        folder: str | Path,
        empty: pl.DataFrame,
        *,
        own: tuple[str, ...],
        partition_by: str,
        stats: tuple[str, ...],
    ) -> None:
        """Opens the table, or creates it empty (version 0) with the columns of `empty`; LogUnavailable if it cannot.

        A table without one of its `own` columns is somebody else's; other columns that it lacks came with a later
        release, and are added.
        """
        self.address = str(folder).rstrip("/") or "/"
        self._thread_lock = threading.RLock()
        self._file_lock = None if "://" in self.address else FileLock(Path(self.address) / LOCK_FILE)
        if self._file_lock is not None and Path(self.address).is_file():
            raise LogUnavailable(f"{self.address} is a file, not a folder; name a folder for the log")
        with told(self.address):
            self._handle = self._opened() or self._created(empty, partition_by, stats)
            self._complete(empty, own)
            self._keep_for_a_time()
        self._check_files()

    def fresh(self) -> DeltaTable:
        """The table at its newest version."""
        with self.reading() as handle:
            return handle

    @contextmanager
    def reading(self) -> Generator[DeltaTable]:
        """The table at its newest version, which no thread of this process moves on meanwhile."""
        with self._thread_lock, told(self.address):
            self._handle.update_incremental()
            yield self._handle

    def scan(self) -> pl.LazyFrame:
        """All rows of the newest version; later commits do not reach a frame that was made before."""
        return scan_table(self.address)

    def scan_now(self) -> pl.LazyFrame:
        """All rows of the version that `fresh` saw last; cheap, for a writer that reads before anyone else writes."""
        return pl.scan_delta(self._handle)

    def latest_batch(self, loader: str) -> int | None:
        """The newest batch of this loader that was committed."""
        return self.fresh().transaction_version(loader)

    @contextmanager
    def writing(self) -> Generator[None]:
        """Holds the table for one writer; an object store has no lock and relies on `Conflict` alone."""
        with self._thread_lock, told(self.address):
            if self._file_lock is None:
                yield
                return
            with self._file_lock.acquire(timeout=LOCK_SECONDS):
                yield

    def commit(
        self, rows: pl.DataFrame, *, transaction: tuple[str, int] | None = None, replace: str | None = None
    ) -> int:
        """Adds the rows (in place of those that `replace` picks, if given) in one atomic commit; returns its version.

        Raises `Conflict` when another writer took the version that the handle expects next.
        """
        if self._file_lock is not None:
            check_room(self.address, int(rows.estimated_size()), disk_usage(self.address).free)
        self._checkpoint_where_due()
        properties = CommitProperties(
            max_commit_retries=0, app_transactions=[Transaction(*transaction)] if transaction else None
        )
        writer = WriterProperties(compression="ZSTD", compression_level=1)
        try:
            if replace is None:
                write_deltalake(
                    self._handle,
                    rows,
                    mode="append",
                    commit_properties=properties,
                    writer_properties=writer,
                    post_commithook_properties=_NO_HOOKS,
                )
            else:
                write_deltalake(
                    self._handle,
                    rows,
                    mode="overwrite",
                    predicate=replace,
                    commit_properties=properties,
                    writer_properties=writer,
                    post_commithook_properties=_NO_HOOKS,
                )
        except CommitFailedError as error:
            raise Conflict(str(error)) from error
        return self._handle.version()

    def _checkpoint_where_due(self) -> None:
        """Whoever writes the commit after each hundredth does it: a failure is told before anything is written."""
        if self._handle.version() and self._handle.version() % CHECKPOINT_COMMITS == 0:
            self._handle.create_checkpoint()
            self._handle.cleanup_metadata()

    def files(self) -> pl.DataFrame:
        """The files of the newest version: path, size_bytes, num_records and the partition."""
        with self.reading() as handle:
            return pl.DataFrame(handle.get_add_actions(flatten=True))

    def compact(self, only: tuple[str, Sequence[str]] | None = None) -> Mapping[str, int]:
        """Joins small files and drops files that nothing has named for a day; the rows stay as they are.

        `only` names the partition's column and those of its values, as text, whose files are joined.
        """
        with self.writing():
            handle = self.fresh()
            before = len(handle.file_uris())
            chosen = None if only is None else [(only[0], "in", list(only[1]))]
            handle.optimize.compact(partition_filters=chosen, target_size=WHOLE_BYTES)
            dropped = len(handle.vacuum(dry_run=False, full=True))
            after = self.fresh()
            return {"before": before, "after": len(after.file_uris()), "dropped": dropped, "version": after.version()}

    def _opened(self) -> DeltaTable | None:
        try:
            return DeltaTable(self.address)
        except TableNotFoundError:
            return None

    def _created(self, empty: pl.DataFrame, partition_by: str, stats: tuple[str, ...]) -> DeltaTable:
        if self._file_lock is not None:
            self._check_folder(Path(self.address))
        with self.writing():
            found = self._opened()
            if found is not None:
                return found
            write_deltalake(
                self.address,
                empty,
                partition_by=partition_by,
                configuration={"delta.dataSkippingStatsColumns": ",".join(stats), **_KEPT},
            )
            return DeltaTable(self.address)

    def _check_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted(path.name for path in folder.iterdir() if not path.name.startswith("_"))
        if others:
            raise LogUnavailable(f"{folder} holds {others[0]} and is no Delta table; name an empty or a new folder")

    def _complete(self, empty: pl.DataFrame, own: tuple[str, ...]) -> None:
        strange = [name for name in self._lacking(empty) if name in own]
        if strange:
            raise LogUnavailable(
                f"{self.address} is another Delta table: it lacks the column {strange[0]}; name another folder"
            )
        if self._lacking(empty):
            with self.writing():
                if self._lacking(empty, self.fresh()):
                    write_deltalake(self._handle, empty, mode="append", schema_mode="merge")

    def _keep_for_a_time(self) -> None:
        """For a table of an earlier release; whoever has set a time of their own keeps it."""
        if self._kept_for_good():
            with self.writing():
                self.fresh()
                if lacking := self._kept_for_good():
                    self._handle.alter.set_table_properties(lacking)

    def _kept_for_good(self) -> dict[str, str]:
        configured = self._handle.metadata().configuration
        return {name: value for name, value in _KEPT.items() if name not in configured}

    def _lacking(self, empty: pl.DataFrame, handle: DeltaTable | None = None) -> list[str]:
        found = {field.name for field in (handle or self._handle).schema().fields}
        return [name for name in empty.columns if name not in found]

    def _check_files(self) -> None:
        """Looks at what each file weighs: a reader that meets half a file later says nothing that a user can use."""
        if self._file_lock is None:
            return
        named = self.files().select("path", "size_bytes")
        for path, size in named.iter_rows():
            file = Path(self.address) / unquote(path)
            found = file.stat().st_size if file.exists() else None
            if found != size:
                wrong = "is missing" if found is None else f"has {found:,} bytes and not {size:,}"
                raise LogUnavailable(f"{self.address} is damaged: {file.name} {wrong}; bring the file back from a copy")


@contextmanager
def told(address: str) -> Generator[None]:
    """Turns what delta-rs, Polars, the lock and the file system raise into one line that names the place."""
    try:
        yield
    except Timeout as error:
        message = f"{address} has been held by another writer for {LOCK_SECONDS:.0f} s; wait for it to end"
        raise LogUnavailable(message) from error
    except (DeltaError, PolarsError, OSError) as error:
        raise LogUnavailable(f"{address} cannot be used: {_first_line(error)}{_advice(error)}") from error


def is_table(address: str) -> bool:
    """Whether a Delta table lies there."""
    with told(address):
        return DeltaTable.is_deltatable(address)


def scan_table(address: str) -> pl.LazyFrame:
    """All rows of the newest version; later commits do not reach a frame that was made before."""
    with told(address):
        return pl.scan_delta(DeltaTable(address))


def check_room(address: str, size: int, free: int) -> None:
    """LogUnavailable where a disk with so many bytes free may not take rows of so many bytes in memory.

    On disk they are a fraction of that. Asked beforehand, because delta-rs panics aloud when a disk fills as it writes.
    """
    needed = size // 2 + RESERVE_BYTES
    if free < needed:
        raise LogUnavailable(
            f"{address} is on a disk with {free // 2**20} MiB free and the next batch may need {needed // 2**20} MiB; "
            "free some space, then run it again: whole batches are kept, the last one was not begun"
        )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]


def _advice(error: Exception) -> str:
    text = str(error).lower()
    if "no space left" in text or "file too large" in text or "os error 28" in text or "os error 27" in text:
        return "; free some space, then run it again: whole batches are kept, the last one was not begun"
    if "permission denied" in text or "read-only" in text:
        return "; make the folder writable or name another"
    return ""
