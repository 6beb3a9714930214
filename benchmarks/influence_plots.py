"""The reliability diagram of the influence of a log: what the earlier shares foretell against what the later ones did.

`renmai generate world && RENMAI_DATA=data renmai load world/events-*.parquet` and then
`python benchmarks/influence_plots.py --log data/log/events --to docs/influence-calibration.svg`. The same figures stand
in the table `calibration` of every full run.
"""

import argparse

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from graph.algorithms.influence import InfluenceRequest, Reliability, calibrate
from graph.jobs.score_read import read_shares
from graph.log.event_log import EventLog

REQUEST = InfluenceRequest()
Z95 = 1.96


def main() -> None:
    """Draw ties and cascades side by side."""
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("--log", required=True)
    told.add_argument("--to", required=True)
    asked = told.parse_args()
    log = EventLog.open(asked.log)
    report = calibrate(read_shares(log, log.version, REQUEST).log, REQUEST)
    if report is None:
        raise SystemExit("the log holds no later shares to judge by")
    mpl.rcParams["svg.hashsalt"] = "renmai"  # the same figures give the same file
    figure, (ties, cascades) = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
    drawn(ties, report.ties, "ties: probability that a share moves")
    drawn(cascades, report.cascades, "cascades: others moved by a share")
    figure.savefig(asked.to, metadata={"Date": None})
    for name, part in (("ties", report.ties), ("cascades", report.cascades)):
        print(name, "predicted {:.0f} seen {:.0f}".format(*part.total))


def drawn(axes: Axes, part: Reliability, title: str) -> None:
    """Predicted against seen, with the 95 % interval of what was seen, and the line on which both are equal."""
    axes.errorbar(part.predicted, part.seen, Z95 * part.seen_error, fmt="o", ms=4, lw=1, color="#1b6e53")
    most = 1.08 * max(part.predicted.max(), (part.seen + Z95 * part.seen_error).max())
    axes.plot([0, most], [0, most], lw=0.8, color="#999999")
    axes.set(title=title, xlabel="predicted", ylabel="seen", xlim=(0, most), ylim=(0, most))
    axes.title.set_fontsize(10)


if __name__ == "__main__":
    main()
