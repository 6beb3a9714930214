"""The name of a statement for metrics and traces: what it does to which labels and ties, out of its text.

https://opentelemetry.io/docs/specs/semconv/database/database-spans/#generating-a-summary-of-the-query. A statement's
text holds no values (they are parameters), so a name holds none either; there are as many names as kinds of statement.
"""

import re
from functools import lru_cache

_LABEL = re.compile(r"(?<=[(\[:\w]):(?!:)`?([A-Za-z][A-Za-z0-9_]*)`?|(?<=[(\[]):([A-Za-z][A-Za-z0-9_]*)")
_PAGE = re.compile(r"\bLIMIT \$limit\b")
_COUNT = re.compile(r"\bcount\(\*\) AS count\b")
_MOST_LABELS = 6


@lru_cache(maxsize=4096)
def summary_of(text: str) -> str:
    """Such as `READ Customer PLACED Order page`: the labels and ties in order, each once, and the statement's shape."""
    found = [one or other for one, other in _LABEL.findall(text)]
    names = list(dict.fromkeys(found))[:_MOST_LABELS]
    shape = ["page"] if _PAGE.search(text) else ["count"] if _COUNT.search(text) else []
    return " ".join(["READ", *names, *shape])
