"""What somebody types into a search box, as a question to a full-text index, alike on both stores.

Both index names as Lucene's standard analyzer does (Unicode's word boundaries, UAX #29): a Chinese character is a word
of its own, so that a run of them is a phrase and is found wherever it stands in a name; any other word is found by its
beginning, and the word itself comes before longer ones.
https://lucene.apache.org/core/9_11_0/queryparser/org/apache/lucene/queryparser/classic/package-summary.html
"""

import re
from dataclasses import dataclass

_RUN = r"[\u3005\u3007\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
_LETTER = rf"(?:(?!{_RUN[:-1]})\w)"
_PARTS = re.compile(rf"(?P<run>{_RUN})|(?P<word>{_LETTER}+(?:['’.]{_LETTER}+)*)")


@dataclass(frozen=True, slots=True)
class Words:
    """A text, parted: `query` in Lucene's words (empty where there is nothing to look for), and its Chinese runs.

    The embedded engine takes a phrase for its characters in any order, so that the runs are looked at again.
    """

    query: str
    runs: tuple[str, ...]


def words(text: str) -> Words:
    """All of the words must be in a name. No sign of the text is an operator: letters and digits alone get through."""
    runs: list[str] = []
    asked: list[str] = []
    for part in _PARTS.finditer(text):
        if run := part["run"]:
            runs.append(run)
            asked.append(f'+"{run}"')
        else:
            word = part["word"].lower()
            asked.append(f"+({word}^4 {word}*)")
    return Words(" ".join(asked), tuple(runs))
