"""A flame graph of the server while it answers one customer by key: what is the driver's, what is ours.

Run: python benchmarks/flame.py --py-spy PY_SPY [--folder FOLDER] [--picture docs/graphql-flame.svg]

`py-spy` is a program of its own, in an environment outside of this project's. It looks at `renmai serve` a few hundred
times a second while one client asks; the wider a box, the longer what it names was at work, with all that it called.
Time in which the server waits is left out.
"""

import argparse
import random
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import uvloop
from graphql_peer import QUESTIONS, Side, fill, kept_or_temporary, neo4j, ours

WIDTH, ROW, LEAST, RATE = 1000, 15, 4.0, 400
PARTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "driver": ("#7fa8d8", ("neo4j/", "graph/store/")),
    "GraphQL library": ("#d9a4c9", ("graphql/", "strawberry/")),
    "HTTP": ("#b9b9b9", ("uvicorn/", "starlette/", "asyncio/")),
    "Renmai": ("#e8b46a", ("api/", "graph/")),
}
"""Part → its colour, and where its files lie; the first that fits."""
OTHER = "#dddddd"


@dataclass(slots=True)
class Box:
    """A function in one place of the stacks: how many samples hold it, and what it called."""

    name: str
    samples: int = 0
    below: dict[str, "Box"] = field(default_factory=dict[str, "Box"])


def part_of(name: str) -> str:
    """The part that a frame such as `read (graph/store/store.py:54)` belongs to."""
    place = name.rpartition("(")[2]
    return next((part for part, (_, homes) in PARTS.items() if place.startswith(homes)), "other")


def as_module(name: str) -> str:
    """`read (graph/store/store.py)` as `read (graph.store.store)`."""
    what, _, file = name.rpartition("(")
    return f"{what}({file.removesuffix(')').removesuffix('.py').replace('/', '.')})"


def gathered(stacks: str) -> tuple[Box, dict[str, int]]:
    """The stacks as boxes, from where a request is taken up; and part → the samples at whose end it is."""
    root, ends = Box("one request"), dict[str, int]()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [frame for frame in stack.split(";") if "(" in frame]
        begins = next((place for place, frame in enumerate(frames) if frame.startswith("Runner.run")), None)
        if begins is None:
            continue
        box, samples = root, int(count)
        box.samples += samples
        for frame in frames[begins + 1 :]:
            name = f"{frame.rpartition(':')[0]})"
            box = box.below.setdefault(name, Box(name))
            box.samples += samples
        end = next((part for frame in reversed(frames) if (part := part_of(frame)) != "other"), "other")
        ends[end] = ends.get(end, 0) + samples
    return root, ends


def boxes(box: Box, left: float, depth: int, scale: float) -> Iterator[tuple[Box, float, int, float]]:
    """Every box that is wide enough to be seen: where it begins, how deep it lies, how wide it is."""
    width = box.samples * scale
    if width >= LEAST:
        yield box, left, depth, width
        for one in sorted(box.below.values(), key=lambda one: -one.samples):
            yield from boxes(one, left, depth + 1, scale)
            left += one.samples * scale


def picture(root: Box, ends: Mapping[str, int], title: str) -> str:
    """The flame graph as SVG."""
    drawn = list(boxes(root, 0, 0, WIDTH / root.samples))
    height = (max(depth for _, _, depth, _ in drawn) + 3) * ROW
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="9"><rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="4" y="11" font-size="11">{escape(title)}</text>',
    ]
    for number, (part, samples) in enumerate(sorted(ends.items(), key=lambda one: -one[1])):
        colour = PARTS.get(part, (OTHER,))[0]
        lines.append(f'<rect x="{4 + number * 150}" y="17" width="9" height="9" fill="{colour}"/>')
        told = f"{part} {samples / root.samples:.0%}"
        lines.append(f'<text x="{16 + number * 150}" y="25">{told}</text>')
    for box, left, depth, width in drawn:
        colour = PARTS.get(part_of(box.name), (OTHER,))[0]
        shown = box.name.split(" (")[0].rpartition("<locals>.")[2][: int(width / 5)]
        lines.append(
            f'<g><title>{escape(as_module(box.name))} {box.samples / root.samples:.1%}</title><rect x="{left:.1f}" '
            f'y="{(depth + 2) * ROW}" width="{width:.1f}" height="{ROW - 1}" fill="{colour}" stroke="#fff"/>'
            f'<text x="{left + 2:.1f}" y="{(depth + 3) * ROW - 5}">{escape(shown)}</text></g>'
        )
    return "\n".join([*lines, "</svg>\n"])


async def recorded(program: Path, environment: dict[str, str], customers: int, seconds: int) -> str:
    """The stacks of the server, as py-spy tells them."""
    with ours(environment) as (port, pid), tempfile.NamedTemporaryFile() as file:
        side = Side("ours", port, pid, random.Random(1), customers, clients=1)
        await side.asked(QUESTIONS[0], 3)
        command = [program, "record", "-p", str(pid), "-d", str(seconds), "-r", str(RATE), "-f", "raw", "-o", file.name]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            await side.asked(QUESTIONS[0], seconds)
        return Path(file.name).read_text(encoding="utf-8")


def main() -> None:
    """Draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--py-spy", type=Path, required=True)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--customers", type=int, default=5_000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--picture", type=Path, default=Path("docs/graphql-flame.svg"))
    given = parser.parse_args()
    with kept_or_temporary(given.folder) as folder, neo4j(folder) as environment:
        if not (folder / "events.jsonl").exists():
            fill(folder, environment, given.customers)
        root, ends = gathered(uvloop.run(recorded(given.py_spy, environment, given.customers, given.seconds)))
    title = f"renmai serve, one customer by key: {root.samples:,} samples by py-spy, while the server was at work"
    given.picture.write_text(picture(root, ends, title), encoding="utf-8")
    print({part: round(samples / root.samples, 3) for part, samples in ends.items()})


if __name__ == "__main__":
    main()
