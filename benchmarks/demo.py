"""How long `renmai demo` takes and how much memory its process tree holds: on an empty folder, then again.

Run: python benchmarks/demo.py [--customers 20000]; prints one JSON object. Wall time on a shared machine is an upper
bound; CPU time compares.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

RENMAI = Path(sys.executable).with_name("renmai")
SAMPLE_SECONDS = 0.25


class Watch(threading.Thread):
    """Samples the resident memory and the CPU time of a process and all its children until it ends."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self._cpu: dict[int, float] = {}
        self.peak_bytes = 0

    def run(self) -> None:
        while self._root.is_running() and self._root.status() != psutil.STATUS_ZOMBIE:
            total = 0
            try:
                for process in [self._root, *self._root.children(recursive=True)]:
                    total += process.memory_info().rss
                    times = process.cpu_times()
                    self._cpu[process.pid] = times.user + times.system
            except psutil.NoSuchProcess:
                continue
            self.peak_bytes = max(self.peak_bytes, total)
            time.sleep(SAMPLE_SECONDS)

    @property
    def cpu_seconds(self) -> float:
        return sum(self._cpu.values())


def timed(arguments: list[str], data: str) -> dict[str, object]:
    """One run to its end: wall and CPU seconds, peak memory of the tree, exit code."""
    start = time.monotonic()
    process = subprocess.Popen(
        [RENMAI, *arguments], env={**_environment(), "RENMAI_DATA": data}, stdout=subprocess.PIPE, text=True
    )
    watch = Watch(process.pid)
    watch.start()
    printed, _ = process.communicate()
    seconds = time.monotonic() - start
    watch.join()
    return {
        "wall_seconds": round(seconds, 1),
        "cpu_seconds": round(watch.cpu_seconds, 1),
        "peak_mib": watch.peak_bytes >> 20,
        "exit_code": process.returncode,
        "stages": dict(re.findall(r"^(.+?) · ([\d.]+ s)$", printed, re.MULTILINE)),
    }


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("NEO4J_", "RENMAI_"))}


def main() -> None:
    """Measure the first and the second run on a folder of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    customers = parser.parse_args().customers
    arguments = ["demo", "--once", "--customers", str(customers)]
    with tempfile.TemporaryDirectory() as data:
        first = timed(arguments, data)
        second = timed(arguments, data)
        size = sum(path.stat().st_size for path in Path(data).rglob("*") if path.is_file())
    print(json.dumps({"customers": customers, "first": first, "second": second, "data_mib": size >> 20}, indent=2))


if __name__ == "__main__":
    main()
