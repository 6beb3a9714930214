"""Trusted documents: operations that are known by an id beforehand, out of a manifest file.

https://github.com/graphql/graphql-over-http, branch persisted-documents. `sha256:` ids are checked against their texts;
an id of one's own has no colon, or begins with `x-`. The file is a JSON object of id → document, or the manifest that
Apollo's tools write.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import msgspec
from graphql import GraphQLError, parse

from graph.errors import BadInput

_HASHED = re.compile(r"sha256:[0-9a-f]{64}")
_OWN = re.compile(r"x-[^\s:]+:\S+|[^\s:]+")


@dataclass(frozen=True, slots=True)
class TrustedDocuments:
    """Ids and their texts, each of them by its hash too; `only` says that nothing else is run."""

    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    only: bool = False

    def allows(self, text: str) -> bool:
        """True where any text may run, or where this very one is trusted."""
        return not self.only or document_id(text) in self.texts


def document_id(text: str) -> str:
    """The id that a document has by its content."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def read_manifest(file: Path, *, only: bool) -> TrustedDocuments:
    """The documents of a manifest; BadInput names what in it cannot be used."""
    try:
        given = msgspec.json.decode(file.read_bytes())
    except (OSError, msgspec.MsgspecError, UnicodeError) as error:
        raise BadInput(f"The manifest of trusted documents {file} cannot be read: {error}") from error
    texts = _texts(given)
    if texts is None:
        raise BadInput(f"The manifest {file} must be a JSON object of id and document, or a manifest of Apollo's.")
    for name, text in texts.items():
        if wrong := _wrong(name, text):
            raise BadInput(f"The manifest {file} cannot be used: {wrong}")
    return TrustedDocuments({**texts, **{document_id(text): text for text in texts.values()}}, only)


def _texts(given: object) -> dict[str, str] | None:
    if not isinstance(given, dict):
        return None
    manifest = cast("dict[str, object]", given)
    if manifest.get("format") == "apollo-persisted-query-manifest":
        # Its ids are bare hashes.
        operations = cast("list[dict[str, object]]", manifest.get("operations") or [])
        found = {_prefixed(str(one.get("id"))): one.get("body") for one in operations}
    else:
        found = manifest
    texts = {name: text for name, text in found.items() if isinstance(text, str)}
    return texts if len(texts) == len(found) else None


def _prefixed(name: str) -> str:
    return f"sha256:{name}" if re.fullmatch(r"[0-9a-f]{64}", name) else name


def _wrong(name: str, text: str) -> str | None:
    if not (_HASHED.fullmatch(name) or _OWN.fullmatch(name)):
        return f"the id {name[:100]!r} is neither sha256: with 64 hexadecimal digits, nor without a colon, nor x-."
    if name.startswith("sha256:") and name != document_id(text):
        return f"the document of {name} has another hash: {document_id(text)}."
    try:
        parse(text)
    except GraphQLError as error:
        return f"the document {name} is no GraphQL: {error.message}"
    return None
