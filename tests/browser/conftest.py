"""A served small world and a headless Chromium, each started once."""

import shutil
import subprocess
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.command_line import RENMAI, done_well, renmai, surroundings

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a generated world that was loaded and scored by the command line."""
    data = tmp_path_factory.mktemp("browser") / "data"
    done_well(renmai("generate", data / "world", "--customers", "1500", "--days", "60", data=data))
    done_well(renmai("load", *sorted((data / "world").glob("*.parquet")), data=data))
    for kind in ("influence", "chains"):
        done_well(renmai("score", kind, data=data))
    return data


@pytest.fixture(scope="session")
def served(world: Path) -> Generator[str]:
    """The address of `renmai serve --open-reads` on the world."""
    with serving(world, "--open-reads") as address:
        yield address


@pytest.fixture
def guarded(world: Path) -> Generator[str]:
    """The address of `renmai serve` on the world, which needs a key."""
    with serving(world) as address:
        yield address


class serving:
    """Runs `renmai serve` on a free port; the address is what it prints."""

    def __init__(self, data: Path, *options: str) -> None:
        self._data, self._options = data, options

    def __enter__(self) -> str:
        self._process = subprocess.Popen(
            [RENMAI, "serve", *self._options, "--port", "0"],
            env=surroundings(self._data, COLUMNS="200"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        printed = self._process.stdout.readline()
        assert printed.startswith("page "), printed
        return printed.split()[1]

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=30)


@dataclass
class Watched:
    """A page, and everything that it should not have done."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


@pytest.fixture(scope="session")
async def browser() -> AsyncGenerator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


@pytest.fixture
async def watched(browser: Browser) -> AsyncGenerator[Watched]:
    """A new page in a context of its own, English, with its console, errors and requests written down."""
    context = await browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 1500})
    found = Watched(await context.new_page())
    page = found.page
    page.on("console", lambda said: found.complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("requestfailed", lambda request: found.complaints.append(f"failed: {request.url}"))
    page.on("request", lambda request: found.hosts.add(request.url.split("/")[2].split(":")[0]))
    yield found
    await context.close()
