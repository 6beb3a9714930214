"""The folder of the embedded engine: which generation of the data is current, who serves it, and its passwords.

graph/
  current          the name of the generation that counts, replaced in one step
  1/ 2/ …          generations: a server's root each; every one but the current is rubbish
  passwords.json   of the owner and of the reader, mode 0600
  server.json      who serves the folder now, and on which ports
  server.lock      held while somebody starts, fills or replaces a server
  owner.lock       held by the program whose child serves the folder, as long as it lives
  log/             the engine's own log
"""

import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

from graph.errors import StoreUnavailable

DATABASE = "graph"


@dataclass(frozen=True, slots=True)
class Passwords:
    """Made at random for each folder; never in the object's text."""

    owner: str = field(repr=False)
    reader: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Serving:
    """Who serves a folder: the server's process, and its two ports on 127.0.0.1."""

    pid: int
    bolt_port: int
    http_port: int


@dataclass(frozen=True, slots=True)
class Home:
    """The folder `graph` inside the data folder."""

    folder: Path

    def prepare(self) -> None:
        """Makes the folder; StoreUnavailable where that cannot be done."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.log.mkdir(exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"The folder {self.folder} cannot be made ({error.strerror}): set RENMAI_DATA to another."
            ) from error

    @property
    def lock(self) -> Path:
        """The file that is locked while a server is started, filled or replaced."""
        return self.folder / "server.lock"

    @property
    def owner(self) -> Path:
        """The file that the owning program keeps locked."""
        return self.folder / "owner.lock"

    @property
    def log(self) -> Path:
        """Where the engine writes its log."""
        return self.folder / "log"

    @property
    def staged(self) -> Path:
        """Where columns lie while a generation is filled out of them."""
        return self.folder / "staged"

    @property
    def root(self) -> Path:
        """The current generation's folder."""
        return self.folder / self.generation()

    def generation(self) -> str:
        """The current generation's name; "1" for a new folder."""
        try:
            name = (self.folder / "current").read_text("utf-8").strip()
        except FileNotFoundError:
            return "1"
        if not name.isdigit():
            raise StoreUnavailable(f"{self.folder / 'current'} is damaged ({name!r}): run `renmai rebuild`.")
        return name

    def next_root(self) -> Path:
        """Where the next generation will stand; nothing is there yet."""
        root = self.folder / str(int(self.generation()) + 1)
        shutil.rmtree(root, ignore_errors=True)
        return root

    def switch_to(self, root: Path) -> None:
        """Makes a generation the current one in one step that survives a power cut."""
        _sync_tree(root)
        _replace(self.folder / "current", root.name)

    def sweep(self) -> None:
        """Removes the generations that do not count, and what was staged for them."""
        shutil.rmtree(self.staged, ignore_errors=True)
        current = self.generation()
        for path in self.folder.iterdir():
            if path.is_dir() and path.name.isdigit() and path.name != current:
                shutil.rmtree(path, ignore_errors=True)

    def passwords(self) -> Passwords:
        """The folder's passwords, made the first time."""
        path = self.folder / "passwords.json"
        if not path.exists():
            _replace(path, json.dumps({"owner": secrets.token_urlsafe(24), "reader": secrets.token_urlsafe(24)}))
        return Passwords(**json.loads(path.read_text("utf-8")))

    def serving(self) -> Serving | None:
        """Who said to be serving; whether it still does must be tried."""
        try:
            return Serving(**json.loads((self.folder / "server.json").read_text("utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def announce(self, serving: Serving) -> None:
        """Lets other programs find the server."""
        _replace(self.folder / "server.json", json.dumps(asdict(serving)))

    def withdraw(self) -> None:
        """Takes the announcement back."""
        (self.folder / "server.json").unlink(missing_ok=True)


def _replace(path: Path, text: str) -> None:
    """Writes a small private file so that a reader sees the old text or the new one, never half of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    _sync(path.parent)


def _sync_tree(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder, folder.parent]:
        if path.is_file() or path.is_dir():
            _sync(path)


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a folder
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some file systems refuse it for folders
    finally:
        os.close(descriptor)
