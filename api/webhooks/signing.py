"""Signatures as Standard Webhooks has them, so that receivers verify them with its libraries.

https://www.standardwebhooks.com: HMAC-SHA256 over id, timestamp and body; a receiver refuses timestamps that are old.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

_PREFIX = "whsec_"


def new_secret() -> str:
    """256 random bits."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signed_headers(secret: str, message: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a message that is sent at an instant."""
    seconds = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    digest = hmac.new(key, b".".join((message.encode(), seconds.encode(), body)), hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": message, "webhook-timestamp": seconds, "webhook-signature": signature}
