"""Ids that a partner has instead of ours: keyed by partner, so that no two can be joined, and reversible by us alone.

AES-SIV (RFC 5297) with a key of its own for each partner, derived by HKDF (RFC 5869) from one secret of the data
folder: the same key always has the same id, an id that was not made so is recognised, and who lacks the secret learns
nothing but the length in steps of sixteen bytes.
"""

import base64
import binascii
import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from graph.errors import BadInput
from graph.queries.view import Ids

PREFIX = "v1_"
SECRET_BYTES = 32
_KEY_BYTES = 64
"""AES-256-SIV takes two keys in one."""
_BLOCK = 16


class PartnerIds:
    """The ids of one partner."""

    def __init__(self, secret: bytes, partner: str) -> None:
        derived = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"renmai virtual ids 1 " + partner.encode()).derive(secret)
        self._cipher = AESSIV(derived)

    def shown(self, noun: str, key: str) -> str:
        """The id under which the partner knows the key of a noun."""
        plain = key.encode() + b"\x80"
        padded = plain + bytes(-len(plain) % _BLOCK)
        sealed = self._cipher.encrypt(padded, [noun.encode()])
        return PREFIX + base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def meant(self, noun: str, id: str) -> str | None:
        """The key that an id of this partner and noun stands for; None for any other text."""
        if not id.startswith(PREFIX):
            return None
        text = id.removeprefix(PREFIX)
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            key = self._cipher.decrypt(sealed, [noun.encode()]).rstrip(b"\x00")[:-1].decode()
        except (ValueError, binascii.Error, InvalidTag):
            return None
        # One key has one spelling: base64 may leave bits unused.
        return key if self.shown(noun, key) == id else None


class VirtualIds:
    """The ids of every partner of one data folder. Whoever has the secret can reverse them: guard it as the data."""

    def __init__(self, file: Path) -> None:
        """`file` holds the secret; it is made when the first id is needed."""
        self._file = file
        self._of = lru_cache(maxsize=1024)(self._made)

    def of(self, partner: str) -> Ids:
        """The partner's own ids. BadInput where the secret cannot be read."""
        return self._of(partner)

    def _made(self, partner: str) -> PartnerIds:
        return PartnerIds(self._secret(), partner)

    def _secret(self) -> bytes:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if not self._file.exists():
                self._make()
            secret = self._file.read_bytes()
        except OSError as error:
            raise BadInput(f"The secret of the partners' ids {self._file} cannot be used: {error.strerror}.") from error
        if len(secret) != SECRET_BYTES:
            message = (
                f"{self._file} must hold {SECRET_BYTES} bytes, not {len(secret)}: put back the copy that you kept."
            )
            raise BadInput(message)
        return secret

    def _make(self) -> None:
        """Whole or not at all, and never over another program's."""
        part = self._file.with_suffix(f".{secrets.token_hex(4)}.part")
        part.touch(mode=0o600)
        part.write_bytes(secrets.token_bytes(SECRET_BYTES))
        try:
            os.link(part, self._file)
        except FileExistsError:
            pass
        finally:
            part.unlink()
