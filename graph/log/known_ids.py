"""Which ids the log holds, kept in memory: a sorted 64-bit hash and a day for each id."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

SEED = 20_240_229


@dataclass(frozen=True, slots=True)
class Run:
    """Hashes in ascending order, with the partition day (days since 1970) of the row of each."""

    hashes: npt.NDArray[np.uint64]
    days: npt.NDArray[np.int32]

    def joined(self, other: "Run") -> "Run":
        """Both runs as one."""
        return sorted_run(np.concatenate((self.hashes, other.hashes)), np.concatenate((self.days, other.days)))


@dataclass(slots=True)
class KnownIds:
    """The ids of a log up to a version: 12 bytes an id, in runs whose lengths fall by half or more."""

    version: int = 0
    runs: list[Run] = field(default_factory=list[Run])

    def __len__(self) -> int:
        """How many ids are known."""
        return sum(run.hashes.size for run in self.runs)

    def add(self, ids: pl.Series, days: pl.Series, *, version: int) -> None:
        """Takes in the ids that the log gained up to and with `version`."""
        if len(ids):
            self.runs.append(sorted_run(hash_ids(ids), days.to_physical().to_numpy().astype(np.int32)))
        while len(self.runs) > 1 and self.runs[-1].hashes.size * 2 > self.runs[-2].hashes.size:
            last = self.runs.pop()
            self.runs.append(self.runs.pop().joined(last))
        self.version = version

    def suspects(self, ids: pl.Series) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int32]]:
        """Which ids may be in the log (equal hash), and on which days: the caller compares the ids on those days.

        An id that is not a suspect is certainly new.
        """
        wanted = hash_ids(ids)
        # In order of hash, neighbours are looked for in neighbouring memory: ten times as fast in ten million ids.
        order = np.argsort(wanted)
        wanted = wanted[order]
        found = np.zeros(len(ids), dtype=np.bool_)
        days: list[npt.NDArray[np.int32]] = []
        for run in self.runs:
            left = np.searchsorted(run.hashes, wanted, side="left")
            here = run.hashes[np.minimum(left, run.hashes.size - 1)] == wanted
            found |= here
            left = left[here]
            right = np.searchsorted(run.hashes, wanted[here], side="right")
            # Two ids of one hash lie side by side: both of their days count.
            for offset in range(int((right - left).max(initial=0))):
                days.append(run.days[(left + offset)[left + offset < right]])
        suspect = np.zeros(len(ids), dtype=np.bool_)
        suspect[order] = found
        return suspect, np.unique(np.concatenate(days)) if days else np.zeros(0, dtype=np.int32)


def hash_ids(ids: pl.Series) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of each id; equal within one process only."""
    return ids.hash(SEED).to_numpy()


def sorted_run(hashes: npt.NDArray[np.uint64], days: npt.NDArray[np.int32]) -> Run:
    """A run out of hashes in any order."""
    order = np.argsort(hashes, kind="stable")
    return Run(hashes[order], days[order])
