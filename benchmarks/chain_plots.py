"""Heat maps of the strongest chains of a run: in which slot the first step fell, and in which one the next.

    python benchmarks/chain_plots.py --scores FOLDER --run RUN --slots-run RUN --out FILE.png

`--run` names a run over whole days, which says what the chains are; `--slots-run` one of the same pairs by slots, whose
lifts and occurrences fill the squares. Both are read from the Delta table `chains`.
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from matplotlib.colors import TwoSlopeNorm

from graph.log.scores import ScoreTable

SHOWN = 10
LOWEST, HIGHEST = 0.6, 1.6
PALE = 0.76, 1.4
"""Between these lifts a square is pale enough for black figures."""


def strongest(whole: pl.DataFrame) -> pl.DataFrame:
    """The first rows of the run that stand for themselves, in its own order: by q, then by lift."""
    return whole.filter((pl.col("stronger") < 0) & (pl.col("lift") > 1)).head(SHOWN)


def drawn(axis: plt.Axes, chain: dict[str, object], slots: pl.DataFrame) -> mpl.image.AxesImage:
    """One chain's square: rows are slots of the first step, columns those of the next; grey where too few could go."""
    starts = sorted(set(slots["first_start_minute"]) | set(slots["then_start_minute"]))
    lift = np.full((len(starts), len(starts)), np.nan)
    of_chain = slots.filter(
        (pl.col("first_category_id") == chain["first_category_id"])
        & (pl.col("then_category_id") == chain["then_category_id"])
    )
    for row in of_chain.iter_rows(named=True):
        place = starts.index(row["first_start_minute"]), starts.index(row["then_start_minute"])
        lift[place] = row["lift"]
        ink = "white" if not PALE[0] < row["lift"] < PALE[1] else "black"
        axis.text(place[1], place[0], f"{row['occurrences']:,}", ha="center", va="center", fontsize=6, color=ink)
    colours = mpl.colormaps["RdBu_r"].with_extremes(bad="#dddddd")
    image = axis.imshow(lift, cmap=colours, norm=TwoSlopeNorm(1.0, LOWEST, HIGHEST))
    hours = [f"{start // 60:02d}" for start in starts]
    axis.set_xticks(range(len(starts)), hours, fontsize=6)
    axis.set_yticks(range(len(starts)), hours, fontsize=6)
    sure = chain["q_value"] < 0.05
    said = "held" if chain["held"] else "confirmed" if sure else "not confirmed"
    title = f"{chain['first_category_id']} → {chain['then_category_id']}\nlift {chain['lift']:.2f}, {said}"
    axis.set_title(title, fontsize=7, weight="bold" if sure else "normal")
    return image


def main() -> None:
    """Read both runs, draw, write."""
    arguments = argparse.ArgumentParser(description="Heat maps of the strongest chains of a run")
    arguments.add_argument("--scores", type=Path, required=True, help="the folder `scores` in RENMAI_DATA")
    arguments.add_argument("--run", required=True, help="the run over whole days")
    arguments.add_argument("--slots-run", required=True, help="the run by slots")
    arguments.add_argument("--out", type=Path, required=True)
    given = arguments.parse_args()
    table = ScoreTable.open(given.scores, "chains")
    whole, slots = table.read(given.run), table.read(given.slots_run)
    if whole is None or slots is None:
        raise SystemExit(f"{given.scores} holds no run {given.run if whole is None else given.slots_run}")
    figure, axes = plt.subplots(2, 5, figsize=(11, 5.2), layout="constrained")
    image = None
    for axis, chain in zip(axes.flat, strongest(whole).iter_rows(named=True), strict=False):
        image = drawn(axis, chain, slots)
    figure.supxlabel("hour at which the slot of the next visit begins", fontsize=8)
    figure.supylabel("hour at which the slot of the first visit begins", fontsize=8)
    if image is not None:
        bar = figure.colorbar(image, ax=axes, shrink=0.6)
        bar.set_label("lift; the number is how often", fontsize=8)
    figure.savefig(given.out, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
