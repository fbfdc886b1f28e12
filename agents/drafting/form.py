"""The gate's rules of form: length, characters, placeholders, phrases, links, subject, recipient. No facts needed."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from agents.drafting.limits import MAX_EXCLAMATIONS, MAX_SHOUTED_WORDS, MAX_SUBJECT_CHARS, MAX_WORDS, Limits
from agents.drafting.statements import asks_to_act, is_question
from agents.drafting.text import Piece, bad_characters, contains, normal, scripts, sentences, words
from agents.drafting.tokens import Token, TokenKind, tokens
from agents.drafting.types import Draft, DraftKind, DraftPlan, Field, Problem, Severity
from agents.drafting.words import BANNED, PLACEHOLDERS

_ONE_ADDRESS = re.compile(r"[^\s@,;<>\"()\[\]:\\]{1,64}@[^\s@,;<>\"()\[\]:\\]{1,255}")
_PARTS: tuple[Field, Field] = ("subject", "body")


def check_form(draft: Draft, plan: DraftPlan, limits: Limits) -> Iterator[Problem]:
    yield from _recipient(plan)
    yield from _subject(draft, plan)
    yield from _length(draft, limits)
    yield from _calls_to_action(draft, plan, limits)
    for part in _PARTS:
        text = draft.text(part)
        yield from _characters(part, text)
        for found in PLACEHOLDERS.finditer(text):
            yield Problem("placeholder", "A placeholder was left in the text.", part, found.start(), found.end())
        for pattern, why in BANNED:
            for found in pattern.finditer(text):
                yield Problem("banned_phrase", why, part, found.start(), found.end())
        for token in tokens(text):
            if token.kind is TokenKind.LINK and not _link_allowed(token, plan):
                yield Problem(
                    "link_not_allowed", "Links go to the offer's allowed hosts only.", part, token.start, token.end
                )
            if token.kind is TokenKind.ADDRESS:
                yield Problem(
                    "address_in_text", "An address in the text is not from the store.", part, token.start, token.end
                )
    yield from _loudness(draft, plan)


def _recipient(plan: DraftPlan) -> Iterator[Problem]:
    if not _ONE_ADDRESS.fullmatch(plan.recipient.email):
        yield Problem("recipient_not_one", "A draft goes to exactly one plain address.")


def _subject(draft: Draft, plan: DraftPlan) -> Iterator[Problem]:
    subject = draft.subject
    end = len(subject)
    if not subject.strip() or "\n" in subject:
        yield Problem("subject_missing", "A mail needs a subject of one line.", "subject", 0, end)
    if len(subject) > MAX_SUBJECT_CHARS:
        message = f"The subject is longer than {MAX_SUBJECT_CHARS} characters."
        yield Problem("subject_too_long", message, "subject", MAX_SUBJECT_CHARS, end)
    letters = [letter for letter in subject if letter.isalpha()]
    if len(letters) > 3 and all(letter.isupper() for letter in letters):
        yield Problem("subject_shouts", "The subject is all capitals.", "subject", 0, end)
    answers = re.match(r"\s*(?:re|fwd?|aw|wg)\s*:", subject, re.IGNORECASE)
    opens_thread = plan.kind is DraftKind.FIRST_MAIL or not plan.thread_subject
    if answers and opens_thread:
        message = "The subject pretends to answer a mail that there was not."
        yield Problem("false_reply", message, "subject", 0, answers.end())
    if not opens_thread and subject != f"Re: {plan.thread_subject}":
        yield Problem("thread_subject_changed", "An answer keeps the subject of its thread.", "subject", 0, end)


def _length(draft: Draft, limits: Limits) -> Iterator[Problem]:
    count = len(words(draft.body))
    most = min(limits.words, MAX_WORDS)
    if count > most:
        yield Problem("too_long", f"The mail has {count} words; the most is {most}.")
    if count == 0:
        yield Problem("empty", "The mail has no text.")


def _calls_to_action(draft: Draft, plan: DraftPlan, limits: Limits) -> Iterator[Problem]:
    asks = [p for p in sentences(draft.body) if is_question(p.text) or asks_to_act(p.text)]
    # The links of proposed times answer the mail's one question: "does one of them suit you?"
    answers = tuple(slot.link for slot in plan.slots if slot.link)
    links = [
        t
        for t in tokens(draft.body)
        if t.kind is TokenKind.LINK and not _is_own_name(t.text, plan) and not t.text.startswith(answers or ("\0",))
    ]
    count = len(asks) + len(links)
    if count > limits.calls_to_action:
        extra = asks[-1] if asks else Piece("", links[-1].start, links[-1].end)
        message = f"The mail asks for {count} things; a reader answers one."
        yield Problem("several_calls_to_action", message, "body", extra.start, extra.end)
    if count == 0 and limits.needs_call_to_action:
        yield Problem("no_call_to_action", "The mail asks for nothing.", severity=Severity.WARN)


def _characters(part: Field, text: str) -> Iterator[Problem]:
    for piece in bad_characters(text):
        yield Problem(
            "bad_character", f"An invisible character (U+{ord(piece.text):04X}).", part, piece.start, piece.end
        )
    for word in words(text):
        if len(scripts(word.text)) > 1:
            yield Problem("mixed_alphabets", "A word mixes alphabets that look alike.", part, word.start, word.end)


def _loudness(draft: Draft, plan: DraftPlan) -> Iterator[Problem]:
    marks = [index for index, letter in enumerate(draft.body) if letter == "!"]
    if len(marks) > MAX_EXCLAMATIONS or "!" in draft.subject:
        spot = marks[-1] if marks else 0
        yield Problem("exclamations", "Too many exclamation marks.", "body", spot, spot + 1)
    known = normal(" ".join([plan.recipient.company, plan.offer.product, plan.offer.sender_company]))
    known += " " + normal(" ".join(f"{fact.value} {fact.quote}" for fact in plan.facts))
    shouted = [
        word
        for word in words(draft.body)
        if sum(letter.isupper() for letter in word.text) >= 4
        and word.text == word.text.upper()
        and not contains(known, normal(word.text))
    ]
    if len(shouted) > MAX_SHOUTED_WORDS:
        last = shouted[-1]
        yield Problem("capitals", "Too many words in capitals.", "body", last.start, last.end)


def _link_allowed(token: Token, plan: DraftPlan) -> bool:
    """An allowed host, written in plain ASCII over https; the very link of a held time or of all, ours both; or
    the bare name of the company that is written to."""
    text = token.text
    if any(text == slot.link for slot in plan.slots) or (plan.booking_link and text == plan.booking_link):
        return True
    if "://" not in text:
        return _is_own_name(text, plan)
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or parts.username or parts.password or port not in (None, 443) or "\\" in text:
        return False
    return bool(host) and host.isascii() and host in {_ascii_host(allowed) for allowed in plan.offer.allowed_hosts}


def _is_own_name(text: str, plan: DraftPlan) -> bool:
    """ "Booking.com" as a name: a link to the recipient's own site harms nobody, and only that one is let through."""
    own = plan.recipient.company_domain.casefold()
    return bool(own) and text.casefold() == own and contains(normal(plan.recipient.company), normal(text))


def _ascii_host(host: str) -> str:
    """Only its ASCII form is compared, so a look-alike written in another alphabet is another host."""
    try:
        return host.casefold().encode("idna").decode()
    except UnicodeError:
        return ""
