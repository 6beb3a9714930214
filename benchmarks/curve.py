"""Spread of the first k of fifty advocates on NetHEPT, for every k, beside the published curve: a picture.

Run: python benchmarks/curve.py --graph nethept_wc.txt [--picture docs/nethept.png] [--save FILE]. Every spread is the
mean of 10,000 forward cascades. Published: IMM (Tang, Shi, Xiao 2015), read off the figure of the paper to ± 0.3 %.
"""

import argparse
import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
from selection import read_graph

from graph.algorithms.influence.forward import cascades
from graph.algorithms.influence.selection.reverse_ties import reverse_ties
from graph.algorithms.influence.selection.select import SelectAdvocates, select_advocates

MOST = 50
WORLDS = 10_000
IMM = {1: 42.3, 2: 82.9, 5: 174.6, 10: 308.6, 20: 511.5, 30: 673.7, 40: 823.6, 50: 948.9}


def drawn(spreads: list[float], picture: str) -> None:
    """Both curves as one small picture."""
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.6), layout="constrained")
    axes.plot(range(1, MOST + 1), spreads, color="#1a7f5a", label="Renmai")
    axes.plot(list(IMM), list(IMM.values()), "o--", color="#888888", markersize=4, linewidth=1, label="IMM, published")
    axes.set(xlabel="advocates (k)", ylabel="customers moved", title="NetHEPT, weighted cascade")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    figure.savefig(picture, dpi=100, metadata={"Software": None})


def main() -> None:
    """Choose once, simulate every k, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", required=True)
    parser.add_argument("--picture")
    parser.add_argument("--save")
    options = parser.parse_args()
    graph = read_graph(options.graph)
    chosen = select_advocates(reverse_ties(*graph), SelectAdvocates(MOST)).chosen
    spreads = [float(cascades(*graph, np.sort(chosen[:k]), WORLDS, 99).mean()) for k in range(1, MOST + 1)]
    if options.picture:
        drawn(spreads, options.picture)
    text = json.dumps({"renmai": [round(each, 1) for each in spreads], "imm_published": IMM}, indent=None)
    print(text)
    if options.save:
        Path(options.save).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
