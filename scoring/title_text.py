"""What the readings of titles share: folding a title to plain letters, and alternatives that start at a word."""

import re
from unicodedata import combining, normalize

# A longer "title" is a paragraph; its first words are what names the job.
MAX_TITLE_CHARS = 200

_GENDER = re.compile(
    r"\((?:m|w|f|d|x|h|all genders?|gn)(?:\s?[/|,]\s?\w+)*\)|[*:_](?=in(?:nen)?\b)|\(in(?:nen)?\)|/-?(?=in\b)"
)
_SPACES = re.compile(r"\s+")
# Letters that have no accent to lose.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "’": "'", "‐": "-", "‑": "-", "–": "-", "—": "-"}
)


def fold(title: str) -> str:
    """Lower case, no accents, no gender marks, single spaces: "Geschäftsführer*in" reads "geschaftsfuhrerin".

    At most MAX_TITLE_CHARS long, so whatever reads it takes a bounded time.
    """
    plain = normalize("NFKD", title[:MAX_TITLE_CHARS].casefold().translate(_PLAIN))
    text = "".join(c for c in plain if not combining(c))[:MAX_TITLE_CHARS]
    return _SPACES.sub(" ", _GENDER.sub("", text)).strip()


def any_of(alternatives: str) -> re.Pattern[str]:
    """Alternatives between " ; " that start at a word. Each is a regular expression; a final "." ends the word there.

    So `it.` is "IT" and never "italy".
    """
    words = (word.strip() for word in alternatives.split(" ; "))
    ended = (word[:-1] + r"\b" if word.endswith(".") and not word.endswith(r"\.") else word for word in words)
    return re.compile(r"\b(?:" + "|".join(ended) + ")")
