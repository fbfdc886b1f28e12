"""The words of a text: how they end, how many parts they take, and the hash that an approval binds."""

import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import orjson

from core.crypto import Sealer
from core.errors import Rejected
from store.models import OutboxItem
from store.queries.outbox import payload_context

LONGEST: Final = 480  # characters: three parts; what needs more is a mail
_STOP: Final = re.compile(r"\bSTOP\b", re.IGNORECASE)
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/\S*", re.IGNORECASE)
# GSM 03.38: the basic alphabet, and the characters that take two places.
_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWICE: Final = frozenset("^{}\\[~]|€\f")


@dataclass(frozen=True, slots=True)
class PhoneWords:
    """What leaves. Of a call `body` is empty and `rep` rings first. Numbers are E.164."""

    recipient: str
    sender: str
    body: str = ""
    rep: str = ""

    def digest(self, policy_number: int) -> str:
        """What an approval binds, and what is asked again before anything leaves."""
        said = [self.recipient, self.sender, self.body, self.rep, policy_number]
        return sha256(orjson.dumps(said)).hexdigest()

    def seal(self, sealer: Sealer, item_id: object) -> str:
        said = {"recipient": self.recipient, "sender": self.sender, "body": self.body, "rep": self.rep}
        return sealer.seal(orjson.dumps(said).decode(), context=f"outbox_item|payload|{item_id}")


def words_of(sealer: Sealer, item: OutboxItem) -> PhoneWords | None:
    """None: they were erased. Raises Tampered."""
    if item.payload_sealed is None:
        return None
    return PhoneWords(**orjson.loads(sealer.open(item.payload_sealed, context=payload_context(item.id))))


def finished(body: str, sender_name: str, company: str) -> str:
    """A person's or a template's words with who writes and the way out, where they do not say so. Raises Rejected."""
    text = "\n".join(" ".join(line.split()) for line in body.strip().splitlines()).strip()
    if not text:
        raise Rejected("The text is empty.", hint="Write what it is to say.", code="empty_text")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Cn") and c not in "\n\u200d" for c in text):
        raise Rejected(
            "The text holds characters that nobody sees.", hint="Type it anew instead of pasting it.", code="hidden"
        )
    if _LINK.search(text):
        raise Rejected(
            "A text carries no link: phones and networks take such texts for fraud.",
            hint="Send the link by mail.",
            code="link_in_text",
        )
    if company and company.casefold() not in text.casefold():
        text = f"{text}\n{f'{sender_name}, {company}' if sender_name else company}"
    if not _STOP.search(text):
        text = f"{text}\nReply STOP to opt out."
    if len(text) > LONGEST:
        raise Rejected(
            f"The text has {len(text)} characters with who writes and the way out; at most {LONGEST}.",
            hint="Say less, or write a mail.",
            code="long_text",
        )
    return text


def parts(text: str) -> int:
    """How many texts it is charged as: 160 or 153 septets, or 70 or 67 UTF-16 units."""
    if all(c in _BASIC or c in _TWICE for c in text):
        length, alone, chained = sum(2 if c in _TWICE else 1 for c in text), 160, 153
    else:
        length, alone, chained = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= alone else -(-length // chained)
