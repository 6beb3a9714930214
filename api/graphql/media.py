"""What a client takes: the media type and the encoding that it likes best of what we offer.

RFC 9110, section 12.5: the more specific range counts, `q=0` excludes, the first of equals wins.
"""

from dataclasses import dataclass

RESPONSE_JSON = "application/graphql-response+json"
LEGACY_JSON = "application/json"
EVENT_STREAM = "text/event-stream"
_OLD_FIRST = 0.999
"""A client that takes anything is an old one as often as not."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The media type of answers, and whether a stream of events would do as well."""

    media_type: str
    streams: bool = False


def accepted(accept: str | None) -> Accepted | None:
    """What the client likes best; None where it takes nothing that we have. Without the header it is the older JSON.

    Events are streamed only to a client that names their type: those that take `*/*` cannot read them.
    """
    if not accept:
        return Accepted(LEGACY_JSON)
    given = weights(accept)
    anything = given.get("application/*", given.get("*/*", 0.0))
    liked = {
        RESPONSE_JSON: given.get(RESPONSE_JSON, anything * _OLD_FIRST),
        LEGACY_JSON: given.get(LEGACY_JSON, anything),
        EVENT_STREAM: given.get(EVENT_STREAM, 0.0),
    }
    best = max(liked, key=liked.__getitem__)
    return Accepted(best, streams=liked[EVENT_STREAM] > 0) if liked[best] > 0 else None


def encoding(accept_encoding: str | None) -> str | None:
    """`br` or `gzip`, whichever the client likes better (`br` of equals); None where it takes neither."""
    given = weights(accept_encoding or "")
    anything = given.get("*", 0.0)
    liked = {name: given.get(name, anything) for name in ("br", "gzip")}
    best = max(liked, key=liked.__getitem__)
    # What is sent as it is has its own weight only where the client names it.
    return best if liked[best] > 0 and liked[best] >= given.get("identity", 0.0) else None


def weights(header: str) -> dict[str, float]:
    """Each member of an Accept header, in lower case and without its parameters, with its weight from 0 to 1."""
    return dict(_range(member) for member in header.split(",") if member.strip())


def _range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return name, 0.0
            return name, weight if 0.0 <= weight <= 1.0 else 0.0
    return name, 1.0
