"""Idempotency: a mutation that is sent again with the same key answers as it did the first time."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar, get_type_hints

import msgspec
import strawberry

from api.graphql.context import Conflicting, Given, Info, Kept, UnderWay
from api.graphql.failures import Failure, InvalidInput, Unavailable
from api.graphql.forgiving import Malformed

LONGEST_KEY = 255
KEEPING = "24 hours"

Payload = TypeVar("Payload")
Failed = TypeVar("Failed", bound=Failure)

KEY_DESCRIPTION = (
    f"A text of your own, such as a UUID: sent again with the same input within {KEEPING}, the mutation does nothing "
    "and answers as it did the first time; with other input it fails with IdempotencyConflict. Failures are not kept."
)


@strawberry.type(description="The idempotency key was used with other input before; nothing was done.")
class IdempotencyConflict(Failure):
    """One key, two inputs."""

    key: str = strawberry.field(description="The key.")


async def once(
    info: Info,
    key: str | None,
    input: object,
    payload: type[Payload],
    act: Callable[[], Awaitable[Payload | Failed]],
) -> Payload | Failed | IdempotencyConflict | InvalidInput | Unavailable:
    """What `act` answers, or what it answered first; only a payload is kept, for a failure may be mended."""
    if key is None:
        return await act()
    if not 1 <= len(key) <= LONGEST_KEY:
        message = f"`idempotencyKey` must have 1 to {LONGEST_KEY} characters, not {len(key):,}."
        return InvalidInput(message=message, field="idempotencyKey")
    answers = info.context.services.answers
    caller = info.context.caller
    given = Given(caller.key or caller.name, info.field_name, key, digest(input))
    found = await asyncio.to_thread(answers.claim, given, info.context.services.now())
    if isinstance(found, Conflicting):
        message = (
            f"The idempotency key {key!r} was used with other input within {KEEPING}: take a new one for new input."
        )
        return IdempotencyConflict(message=message, key=key)
    if isinstance(found, UnderWay):
        return Unavailable(
            message=f"A request with the idempotency key {key!r} is under way: send it again in a moment."
        )
    if isinstance(found, Kept):
        return _read(payload, found.answer)
    try:
        answer = await act()
    except BaseException:
        await asyncio.to_thread(answers.forget, given)
        raise
    if isinstance(answer, payload):
        await asyncio.to_thread(answers.keep, given, _written(answer))
    else:
        await asyncio.to_thread(answers.forget, given)
    return answer


def _written(answer: Any) -> bytes:  # a payload is a dataclass, of which the type checker knows nothing here
    return msgspec.json.encode({one.name: getattr(answer, one.name) for one in fields(answer) if one.init})


def _read(payload: type[Payload], answer: bytes) -> Payload:
    """Only what was given is kept; fields that resolve are resolved anew."""
    hints, kept = get_type_hints(payload), msgspec.json.decode(answer)
    return payload(**{name: msgspec.convert(value, hints[name]) for name, value in kept.items()})


def digest(input: object) -> str:
    """SHA-256 of an input, its idempotency key left out."""
    return hashlib.sha256(msgspec.json.encode(_plain(input), order="deterministic")).hexdigest()


def _plain(value: Any) -> Any:  # inputs hold whatever JSON a client sent
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Malformed):
        return {"malformed": value.value}
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value) if one.name != "idempotency_key"}
    if isinstance(value, list):
        return [_plain(one) for one in value]  # pyright: ignore[reportUnknownVariableType]  of any JSON
    return value
