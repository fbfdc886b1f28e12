"""What in a mail makes filters wary, in words for who writes it. Advice: nothing here stops a mail by itself; a policy
may say which of it does (agents/content_notes.py).

Our own small table. Filters do not publish their rules; each note says what it rests on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from tools.deliverability.dmarc import organizational_domain
from tools.deliverability.findings import Severity

_MANY_LINKS = 3  # a person who writes to one other person seldom sets more
_GMAIL_CLIPS = 102_000  # octets of HTML: Gmail cuts what is longer, and with it the unsubscribe link
_LONG_SUBJECT = 70  # characters; a phone shows fewer
_SHORTENERS = frozenset(
    [
        "bit.ly",
        "buff.ly",
        "cutt.ly",
        "goo.gl",
        "is.gd",
        "lnkd.in",
        "ow.ly",
        "rb.gy",
        "rebrand.ly",
        "shorturl.at",
        "t.co",
        "t.ly",
        "tiny.cc",
        "tinyurl.com",
    ]
)
_SHOUTED = re.compile(r"\b[A-Z]{4,}\b")
_DOMAIN_SHOWN = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:[/?#:]\S*)?", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s<>\"')\]]+", re.IGNORECASE)
# What is pressed for in mails that nobody asked for: phrases, as patterns, with why they weigh.
_PHRASES = (
    (r"act now|last chance|hurry|expires? (?:today|tonight)|only today", "It presses for time, as scams do."),
    (r"100 ?% free|risk[- ]free|no obligation|no strings attached", "It promises that nothing is at stake."),
    (r"guaranteed? (?:results?|income|returns?)|double your|make money|earn \$", "It promises money or success."),
    (r"dear (?:sir|madam|friend|customer)", "It addresses nobody in particular."),
    (r"click (?:here|below)", "The words of a link should say where it leads."),
    (r"this is not spam|you (?:have been|were) selected", "Only mail that nobody asked for says so."),
)
_PRESSING = tuple((re.compile(rf"\b(?:{words})", re.IGNORECASE), why) for words, why in _PHRASES)


class NoteRule(StrEnum):
    """Stable names: policies keep them. In the order in which people see them."""

    LINK_TEXT_LIES = "link_text_lies"
    IP_LINK = "ip_link"
    SHORTENER = "shortener"
    NO_PLAIN_TEXT = "no_plain_text"
    TOO_LARGE = "too_large"
    MOSTLY_IMAGES = "mostly_images"
    FOREIGN_LINKS = "foreign_links"
    MANY_LINKS = "many_links"
    PLAIN_HTTP = "plain_http"
    FOREIGN_IMAGE = "foreign_image"
    ALL_CAPS_SUBJECT = "all_caps_subject"
    LOUD_SUBJECT = "loud_subject"
    LONG_SUBJECT = "long_subject"
    LOOKS_LIKE_A_REPLY = "looks_like_a_reply"
    SHOUTING = "shouting"
    PRESSING_WORDS = "pressing_words"


MEND: Final[Mapping[NoteRule, str]] = {
    NoteRule.LINK_TEXT_LIES: "Show the address that the link leads to, or other words.",
    NoteRule.IP_LINK: "Link to a name.",
    NoteRule.SHORTENER: "Write the whole link.",
    NoteRule.NO_PLAIN_TEXT: "Say it in plain text too.",
    NoteRule.TOO_LARGE: "Make it shorter.",
    NoteRule.MOSTLY_IMAGES: "Say in words what the images show.",
    NoteRule.FOREIGN_LINKS: "Link to pages of your own domain, or leave the link out.",
    NoteRule.MANY_LINKS: f"Keep {_MANY_LINKS} links at most, with the one to unsubscribe.",
    NoteRule.PLAIN_HTTP: "Begin the link with https.",
    NoteRule.FOREIGN_IMAGE: "Leave the image out, or load it from your own domain.",
    NoteRule.ALL_CAPS_SUBJECT: "Write the subject as a sentence.",
    NoteRule.LOUD_SUBJECT: "Take the marks out of the subject.",
    NoteRule.LONG_SUBJECT: f"Shorten the subject to {_LONG_SUBJECT} characters.",
    NoteRule.LOOKS_LIKE_A_REPLY: "Take the sign of an answer out of the subject.",
    NoteRule.SHOUTING: "Write words in small letters.",
    NoteRule.PRESSING_WORDS: "Say it without these words.",
}


@dataclass(frozen=True, slots=True)
class ContentNote:
    """`where`: the words or link that it is about, at most 120 characters."""

    rule: NoteRule
    severity: Severity
    what: str
    where: str = ""

    @property
    def mend(self) -> str:
        return MEND[self.rule]


def notes_on_content(
    *, subject: str, text: str, html: str, sender_domain: str, own_domains: Sequence[str] = ()
) -> list[ContentNote]:
    """Of the parts of one mail, decoded. `own_domains`: others of ours that links may lead to (the unsubscribe link).

    Takes any text and raises nothing. The most serious come first.
    """
    tree = LexborHTMLParser(html) if html.strip() else None
    anchors = _links(tree)
    known = {url for url, _ in anchors}
    # Mail programs make links of addresses in the words, whether they are anchors or not.
    links = [*anchors, *((url, "") for url in _in_words(text) if url not in known)]
    owners = {organizational_domain(domain) for domain in (sender_domain, *own_domains)}
    notes = [
        *_on_subject(subject),
        *_on_words(f"{subject}\n{text}"),
        *_on_links(links, owners),
        *_on_shape(text, html, tree, owners),
    ]
    return sorted(notes, key=lambda note: note.severity is not Severity.WRONG)


def _on_subject(subject: str) -> Iterator[ContentNote]:
    letters = [each for each in subject if each.isalpha()]
    if len(letters) >= 8 and sum(each.isupper() for each in letters) > 0.7 * len(letters):
        yield _weak(NoteRule.ALL_CAPS_SUBJECT, "The subject is in capitals. Write it as a sentence.", subject)
    if subject.count("!") > 1 or "$$" in subject or "?!" in subject:
        yield _weak(NoteRule.LOUD_SUBJECT, "The subject shouts with its punctuation.", subject)
    if len(subject) > _LONG_SUBJECT:
        yield _weak(
            NoteRule.LONG_SUBJECT, f"The subject has {len(subject)} characters; a phone shows about half.", subject
        )
    if re.match(r"\s*(?:re|fwd?|aw|wg)\s*:", subject, re.IGNORECASE):
        what = "It looks like an answer. On a first mail that deceives (CAN-SPAM: no misleading subject)."
        yield _weak(NoteRule.LOOKS_LIKE_A_REPLY, what, subject)


def _on_words(text: str) -> Iterator[ContentNote]:
    shouted = _SHOUTED.findall(text)
    words = text.split()
    if len(shouted) >= 4 and len(shouted) > 0.1 * len(words):
        yield _weak(NoteRule.SHOUTING, "Many words are in capitals.", " ".join(shouted[:8]))
    for pattern, why in _PRESSING:
        if match := pattern.search(text):
            yield _weak(NoteRule.PRESSING_WORDS, f"{why} Filters and people know it from spam.", match[0])


def _on_links(links: Sequence[tuple[str, str]], owners: set[str]) -> Iterator[ContentNote]:
    hosts: dict[str, str] = {}
    for url, shown in links:
        host = _host(url)
        if not host:
            continue
        hosts.setdefault(host, url)
        named = _DOMAIN_SHOWN.fullmatch(shown.strip())
        if named and organizational_domain(named[1]) != organizational_domain(host):
            what = f"The link shows {named[1]} and leads to {host}: that is how phishing looks. Show where it leads."
            yield ContentNote(NoteRule.LINK_TEXT_LIES, Severity.WRONG, what, url[:120])
    for host, url in hosts.items():
        if _is_address(host):
            what = "The link leads to a bare IP address. Use a name."
            yield ContentNote(NoteRule.IP_LINK, Severity.WRONG, what, url[:120])
        elif host in _SHORTENERS:
            what = "A link shortener hides where it leads, and shares its name with those who abuse it. Link directly."
            yield ContentNote(NoteRule.SHORTENER, Severity.WRONG, what, url[:120])
    foreign = [host for host in hosts if not _is_address(host) and organizational_domain(host) not in owners]
    if foreign:
        what = "These links lead to domains that are not the sender's; their reputation becomes that of the mail."
        yield _weak(NoteRule.FOREIGN_LINKS, what, ", ".join(foreign[:4]))
    if len(links) > _MANY_LINKS:
        yield _weak(NoteRule.MANY_LINKS, f"{len(links)} links in one mail: more than a person writes to another.", "")
    if plain := next((url for url, _ in links if url.lower().startswith("http://")), ""):
        yield _weak(NoteRule.PLAIN_HTTP, "The link is not encrypted (http). Use https.", plain)


def _on_shape(text: str, html: str, tree: LexborHTMLParser | None, owners: set[str]) -> Iterator[ContentNote]:
    if html.strip() and not text.strip():
        what = "There is no plain text beside the HTML."
        yield ContentNote(NoteRule.NO_PLAIN_TEXT, Severity.WRONG, what)
    size = len(html.encode("utf-8", "replace"))
    if size > _GMAIL_CLIPS:
        what = f"The HTML has {size // 1_000} kB: Gmail cuts it off at 102, with the unsubscribe link below."
        yield ContentNote(NoteRule.TOO_LARGE, Severity.WRONG, what)
    if tree is None:
        return
    images = tree.css("img")
    words = len((tree.body.text(separator=" ") if tree.body else "").split())
    if images and words < 20 * len(images):
        what = f"{len(images)} images and {words} words: filters cannot read an image, and many clients do not show it."
        yield ContentNote(NoteRule.MOSTLY_IMAGES, Severity.WRONG, what)
    for image in images:
        host = _host(image.attributes.get("src") or "")
        if host and organizational_domain(host) not in owners:
            what = "An image is fetched from a domain that is not the sender's, as trackers are."
            yield _weak(NoteRule.FOREIGN_IMAGE, what, host)
            break


def _links(tree: LexborHTMLParser | None) -> list[tuple[str, str]]:
    if tree is None:
        return []
    found = [(node.attributes.get("href") or "", node.text()) for node in tree.css("a[href]")]
    return [(url.strip(), shown) for url, shown in found if url.strip().lower().startswith(("http://", "https://"))]


def _in_words(text: str) -> Iterator[str]:
    return (url.rstrip(".,;:!?") for url in dict.fromkeys(_URL.findall(text)))


def _host(url: str) -> str:
    try:
        return (urlsplit(url.strip()).hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host.replace(".", "").isdigit()
    return True


def _weak(rule: NoteRule, what: str, where: str) -> ContentNote:
    return ContentNote(rule, Severity.WEAK, what, where[:120])
