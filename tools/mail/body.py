"""The two readable parts of a mail, plain and HTML, from the same words, each with its footer.

The HTML names no colours, so that dark and light mail programs keep theirs; it loads nothing, unless opens are counted;
it has a language and reads in order. Only links that we put there become anchors: a URL that somebody's web page
smuggled into the words stays text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tools.mail.tracking import TrackedLinks

_UNSUBSCRIBE = {
    "de": "Abmelden",
    "en": "Unsubscribe",
    "es": "Darse de baja",
    "fr": "Se désabonner",
    "it": "Annulla l'iscrizione",
    "nl": "Uitschrijven",
    "pt": "Cancelar inscrição",
}
_URL = re.compile(r"https?://[^\s<>\"']+")
_AFTER_URL = ".,;:!?)]}"
_CONTROLS = dict.fromkeys([*range(0x00, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])


@dataclass(frozen=True, slots=True)
class Footer:
    """Who writes, from where, and how to make it stop."""

    name: str
    organisation: str
    postal_address: str  # may have several lines
    unsubscribe_url: str
    notice: str
    language: str  # ISO 639-1; English words where the language has none here

    @property
    def who(self) -> str:
        return ", ".join(part for part in (self.name, self.organisation) if part)

    @property
    def unsubscribe(self) -> str:
        return _UNSUBSCRIBE.get(self.language[:2].lower(), _UNSUBSCRIBE["en"])


def text_body(text: str, footer: Footer) -> str:
    """LF line ends. The footer stands under the signature mark of RFC 3676 §4.3, so that a reply leaves it out."""
    lines = [footer.who, *footer.postal_address.splitlines(), footer.notice]
    lines.append(f"{footer.unsubscribe}: {footer.unsubscribe_url}")
    return f"{_clean(text)}\n\n-- \n" + "\n".join(line.strip() for line in lines if line.strip()) + "\n"


def html_body(text: str, links: Sequence[str], footer: Footer, tracked: TrackedLinks | None = None) -> str:
    """`tracked`: anchors show the link that was approved and lead to it through ours."""
    tracked = tracked or TrackedLinks()
    paragraphs = [
        "<p>" + "<br>\n".join(_linked(line, links, tracked) for line in paragraph.split("\n")) + "</p>"
        for paragraph in re.split(r"\n{2,}", _clean(text))
    ]
    small = [escape(line.strip()) for line in (footer.who, *footer.postal_address.splitlines()) if line.strip()]
    if footer.notice:
        small.append(escape(footer.notice))
    small.append(f'<a href="{escape(footer.unsubscribe_url)}">{escape(footer.unsubscribe)}</a>')
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{escape(footer.language)}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="supported-color-schemes" content="light dark">',
            "<title></title>",
            "</head>",
            '<body style="font-family:sans-serif;font-size:1em;line-height:1.5;max-width:40em">',
            *paragraphs,
            "<hr>",
            '<p style="font-size:0.85em">' + "<br>\n".join(small) + "</p>",
            *_unseen(tracked),
            "</body>",
            "</html>",
            "",
        ]
    )


def _clean(text: str) -> str:
    """LF line ends, no control characters but tab, no blank lines at either end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS).strip("\n")


def _unseen(tracked: TrackedLinks) -> list[str]:
    """What only programs ask for: a link that is not drawn, and is passed over by readers aloud and by the keyboard."""
    found = []
    if tracked.trap:
        hidden = 'style="display:none;max-height:0;overflow:hidden" aria-hidden="true"'
        found.append(f'<div {hidden}><a href="{escape(tracked.trap)}" tabindex="-1" rel="nofollow"></a></div>')
    if tracked.image:
        found.append(f'<img src="{escape(tracked.image)}" width="1" height="1" alt="" aria-hidden="true">')
    return found


def _linked(line: str, links: Sequence[str], tracked: TrackedLinks) -> str:
    """Escaped HTML of one line; a URL becomes an anchor only when the whole of it is one of `links`."""
    pieces: list[str] = []
    end = 0
    for match in _URL.finditer(line):
        url = match.group().rstrip(_AFTER_URL)
        if match.group() in links:
            url = match.group()
        elif url not in links:
            continue
        pieces.append(escape(line[end : match.start()]))
        pieces.append(f'<a href="{escape(tracked.targets.get(url, url))}">{escape(url)}</a>')
        end = match.start() + len(url)
    pieces.append(escape(line[end:]))
    return "".join(pieces)
