"""What a page is about: its own text without menus and notices, with its structure, and the language it is in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from tools.site_reader.html import Block, Page
from tools.site_reader.types import cleaned

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

MAX_LINE = 2_000  # characters of a block
_ENOUGH = 200  # characters in <main> or <article>: less is a teaser, not the page's content
_JUDGED = 80  # letters from which a language is guessed where the page does not say
_CONTRADICTS = 400  # letters from which the text is believed over what the template says
_SURE = 0.999  # of 1: the guess's own probability, to be believed over the page
_SAMPLE = 4_000  # characters of text that are looked at
_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9_-]{1,20})?")
_BOILERPLATE = frozenset({"nav", "header", "footer", "aside", "form"})
_identifying = Lock()


def main_blocks(page: Page) -> list[Block]:
    """The blocks of <main> or <article> where there is enough in them; else all but menus, headers, footers, notices.

    Beside those areas, a paragraph that consists of links is a menu as well.
    """
    main = [block for block in page.blocks if block.area == "main"]
    if sum(len(block.text) for block in main) >= _ENOUGH:
        return main
    return [block for block in page.blocks if block.area not in _BOILERPLATE and not _is_menu(block)]


def _is_menu(block: Block) -> bool:
    return block.kind == "paragraph" and block.linked > 0.8 * len(block.text) and len(block.text) < 60


def as_text(blocks: Sequence[Block]) -> str:
    """Headings behind #, entries behind -, a table's row in one line. Tainted: to be read, never obeyed."""
    return "\n".join(_lines(blocks))


def _lines(blocks: Sequence[Block]) -> Iterator[str]:
    row: list[str] = []
    number = 0
    for block in blocks:
        text = cleaned(block.text, MAX_LINE)
        if row and (block.kind != "cell" or block.row != number):
            yield " | ".join(row)
            row = []
        if not text:
            continue
        match block.kind:
            case "cell":
                row.append(text)
                number = block.row
            case "heading":
                yield f"{'#' * block.level} {text}"
            case "item":
                yield f"- {text}"
            case "quote":
                yield f"> {text}"
            case _:
                yield text
    if row:
        yield " | ".join(row)


class Language(NamedTuple):
    code: str  # ISO 639-1, or 639-2 where there is none
    quote: str
    method: str  # meta: the page or its server says so; text: its words do
    confidence: float  # 0–1


def language_of(page: Page, headers: Mapping[str, str]) -> Language | None:
    """As the page says, unless much text plainly is in another language: templates say "en" whatever is put in.

    None where the page does not say and has too little text to tell.
    """
    declared = _declared(page, headers)
    text = " ".join(cleaned(block.text, MAX_LINE) for block in main_blocks(page)[:200])[:_SAMPLE]
    letters = sum(char.isalpha() for char in text)
    if letters < (_CONTRADICTS if declared else _JUDGED):
        return declared
    code, probability = identify(text)
    if declared and (probability < _SURE or code == declared.code):
        return declared
    if probability < 0.9:
        return declared
    return Language(code, text[:200], "text", 0.8 if declared else 0.85)


def _declared(page: Page, headers: Mapping[str, str]) -> Language | None:
    said = (
        (page.language, f'lang="{page.language}"', 0.9),
        (page.meta.get("content-language", ""), "content-language", 0.8),
        (headers.get("content-language", ""), "content-language", 0.8),
        (page.meta.get("og:locale", ""), "og:locale", 0.7),
    )
    for value, quote, confidence in said:
        if found := _TAG.fullmatch(value.partition(",")[0].strip().lower()):
            return Language(found[1], quote if "=" in quote else f"{quote}: {value}", "meta", confidence)
    return None


def identify(text: str) -> tuple[str, float]:
    """The likeliest language of a text and its probability, by character n-grams (py3langid)."""
    with _identifying:  # loading takes a second, once
        identifier = _identifier()
    code, probability = identifier.classify(text)
    return str(code), float(probability)


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
