"""Selection and forward simulation beside others on one graph, in turns, in CPU seconds of one thread.

Run: python benchmarks/peers.py --graph FILE [--python PYTHON] [--subsim BINARY] [-k 50] [--repeats 5] [--save FILE].
PYTHON is one outside this project that has `pynetim` and `cynetdiff`; BINARY is the authors' C++ SUBSIM (github
qtguo/subsim), built outside it. Who is not given is left out, with a sentence. FILE is as for selection.py. Reading
the graph is counted for nobody; SUBSIM is measured less a run that does little but load. All seeds are re-scored by the
same cascades.
"""

import argparse
import json
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from selection import Graph, read_graph

from graph.algorithms.influence.forward import cascades
from graph.algorithms.influence.selection.reverse_ties import reverse_ties
from graph.algorithms.influence.selection.select import SelectAdvocates, select_advocates

PYNETIM = """
import json, sys, time
from pynetim import IMGraph, IMMAlgorithm
rows = [line.split() for line in open(sys.argv[1])][1:]
graph = IMGraph([(int(u), int(v)) for u, v, _ in rows], [float(p) for _, _, p in rows], renumber=False)
start = time.process_time()
seeds = IMMAlgorithm(graph, "IC", epsilon=float(sys.argv[3]), random_seed=int(sys.argv[4])).run(int(sys.argv[2]))
print(json.dumps({"cpu": time.process_time() - start, "seeds": sorted(seeds)}))
"""
CYNETDIFF = """
import sys, time, json
import numpy as np
from cynetdiff.models import IndependentCascadeModel
data = np.load(sys.argv[1])
starts, edges = data["pointer"][:-1].astype(np.uint32), data["target"].astype(np.uint32)
model = IndependentCascadeModel(starts, edges, activation_probs=data["probability"].astype(np.float32))
model.set_seeds([int(one) for one in data["seeds"]])
start, total = time.process_time(), 0
for _ in range(int(sys.argv[2])):
    model.reset_model()
    model.advance_until_completion()
    total += model.get_num_activated_nodes()
print(json.dumps({"cpu": time.process_time() - start, "mean": total / int(sys.argv[2])}))
"""
FEWER_SETS = (72_960,)
"""What SUBSIM draws at ε 0.1."""
Measured = tuple[float, np.ndarray]


def child_cpu(command: list[str], folder: Path) -> tuple[float, str]:
    """CPU seconds of a child and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def pynetim(python: str, path: str, k: int, epsilon: float) -> Callable[[int], Measured]:
    """Their IMM."""

    def once(seed: int) -> Measured:
        command = [python, "-c", PYNETIM, str(Path(path).resolve()), str(k), str(epsilon), str(seed + 1)]
        found = json.loads(child_cpu(command, Path.cwd())[1].splitlines()[-1])
        return found["cpu"], np.array(found["seeds"], np.int64)

    return once


def subsim(binary: str, path: str, k: int, folder: Path) -> Callable[[int], Measured]:
    """Their OPIM-C with subset sampling, epsilon 0.1, less a run for one seed at epsilon 0.6, which is all load."""
    graphs = folder / "graphInfo"
    graphs.mkdir()
    (folder / "result" / "seed").mkdir(parents=True)
    shutil.copy(path, graphs / "g")
    program = [str(Path(binary).resolve()), "-gname=g", "-pdist=weights"]
    child_cpu([*program, "-func=format"], folder)

    def once(_: int) -> Measured:
        load, _told = child_cpu([*program, "-func=im", "-seedsize=1", "-eps=0.6"], folder)
        whole, _told = child_cpu([*program, "-func=im", f"-seedsize={k}", "-eps=0.1"], folder)
        [written] = (folder / "result" / "seed").glob(f"*k{k}_*")
        return max(whole - load, 0.0), np.loadtxt(written, dtype=np.int64)

    return once


def renmai(graph: Graph, **how: float) -> Callable[[int], Measured]:
    """Ours, the ties turned round included."""

    def once(seed: int) -> Measured:
        start = time.process_time()
        found = select_advocates(reverse_ties(*graph), SelectAdvocates(seed=seed, **how))
        return time.process_time() - start, found.chosen

    once(0)
    return once


def compared(runs: dict[str, Callable[[int], Measured]], graph: Graph, repeats: int) -> dict[str, object]:
    """Everybody in turn, so that a busy machine is as busy for all."""
    told: dict[str, list[Measured]] = {name: [] for name in runs}
    for seed in range(repeats):
        for name, once in runs.items():
            told[name].append(once(seed))
    report: dict[str, object] = {}
    for name, found in told.items():
        seconds = sorted(cpu for cpu, _ in found)
        spreads = sorted(float(cascades(*graph, seeds, 10_000, 99).mean()) for _, seeds in found)
        report[name] = {
            "cpu_seconds": {"least": seconds[0], "median": float(np.median(seconds)), "most": seconds[-1]},
            "spread": {"least": spreads[0], "median": float(np.median(spreads)), "most": spreads[-1]},
        }
    return report


def simulated(graph: Graph, python: str | None, seeds: np.ndarray, repeats: int, folder: Path) -> dict[str, object]:
    """Forward simulations a CPU second, ours and cynetdiff's."""
    rates: dict[str, list[float]] = {"renmai": []}
    means: dict[str, float] = {}
    np.savez(folder / "graph.npz", pointer=graph[0], target=graph[1], probability=graph[2], seeds=seeds)
    for seed in range(repeats):
        start = time.process_time()
        means["renmai"] = float(cascades(*graph, seeds, 10_000, seed).mean())
        rates["renmai"].append(10_000 / (time.process_time() - start))
        if python is not None:
            command = [python, "-c", CYNETDIFF, str(folder / "graph.npz"), "3000"]
            found = json.loads(child_cpu(command, folder)[1].splitlines()[-1])
            rates.setdefault("cynetdiff", []).append(3000 / found["cpu"])
            means["cynetdiff"] = found["mean"]
    return {
        name: {"least": min(each), "median": float(np.median(each)), "most": max(each), "spread": means[name]}
        for name, each in rates.items()
    }


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graph", required=True)
    parser.add_argument("--python")
    parser.add_argument("--subsim")
    parser.add_argument("-k", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--save")
    options = parser.parse_args()
    graph = read_graph(options.graph)
    runs = {"renmai": renmai(graph, k=options.k)}
    for sets in FEWER_SETS:
        runs[f"renmai, {sets:,} sets"] = renmai(graph, k=options.k, budget_sets=sets)
    left_out = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if options.python:
            runs["pynetim IMM 0.5"] = pynetim(options.python, options.graph, options.k, 0.5)
            runs["pynetim IMM 0.1"] = pynetim(options.python, options.graph, options.k, 0.1)
        else:
            left_out.append("pynetim and cynetdiff are left out: give --python")
        if options.subsim:
            runs["SUBSIM 0.1"] = subsim(options.subsim, options.graph, options.k, folder)
        else:
            left_out.append("SUBSIM is left out: give --subsim")
        seeds = runs["renmai"](0)[1]
        report = {
            "graph": Path(options.graph).name,
            "k": options.k,
            "selection": compared(runs, graph, options.repeats),
            "simulations_per_cpu_second": simulated(graph, options.python, seeds, options.repeats, folder),
            "left_out": left_out,
        }
    text = json.dumps(report, indent=2)
    print(text)
    if options.save:
        Path(options.save).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
