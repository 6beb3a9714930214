"""The two users of the embedded engine: the owner, and a reader whose group may read records and nothing else."""

import base64
import hashlib
import json
import os
import secrets
from pathlib import Path

from graph.store.embedded_home import Passwords

OWNER = "root"
READER = "reader"
READER_MILLISECONDS = 60_000
"""The engine ignores a transaction's time-out, but it ends a reader's statement after this."""

_ROUNDS = 65_536
_ALL_TYPES = ("createRecord", "readRecord", "updateRecord", "deleteRecord")
_ADMINISTRATION = ("updateSecurity", "updateSchema", "updateDatabaseSettings")


def write_users(root: Path, passwords: Passwords) -> None:
    """Writes the engine's own security files; what stood there is replaced."""
    folder = root / "config"
    folder.mkdir(parents=True, exist_ok=True)
    users = [
        {"name": OWNER, "databases": {"*": ["admin"]}, "password": _encoded(passwords.owner)},
        {"name": READER, "databases": {"*": ["reader"]}, "password": _encoded(passwords.reader)},
    ]
    groups = {
        "admin": _group(access=_ADMINISTRATION, records=_ALL_TYPES, milliseconds=-1),
        "reader": _group(access=(), records=("readRecord",), milliseconds=READER_MILLISECONDS),
        "*": _group(access=(), records=(), milliseconds=-1),
    }
    _write(folder / "server-users.jsonl", "".join(json.dumps(user) + "\n" for user in users))
    _write(folder / "server-groups.json", json.dumps({"databases": {"*": {"groups": groups}}, "version": 2}))


def _group(*, access: tuple[str, ...], records: tuple[str, ...], milliseconds: int) -> dict[str, object]:
    return {
        "resultSetLimit": -1,
        "readTimeout": milliseconds,
        "access": list(access),
        "types": {"*": {"access": list(records)}},
    }


def _encoded(password: str) -> str:
    """PBKDF2 as the engine keeps it; the salt counts as its base64 text."""
    salt = base64.b64encode(secrets.token_bytes(32)).decode()
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ROUNDS)
    return f"PBKDF2WithHmacSHA256${_ROUNDS}${salt}${base64.b64encode(digest).decode()}"


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
