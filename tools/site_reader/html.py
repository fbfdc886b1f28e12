"""Hostile HTML to the few things a reader needs, in linear time.

A stream of tags, not a tree: a tree's builder takes time in the square of the nesting depth and of the attributes of
one tag (docs/decisions/0018-web-reader.md), and whose page it is decides both. The stream follows the tokenizer of the
HTML standard (§13.2.5) where that decides what is a tag, an attribute or text; which element a text stands in is kept
by tools.site_reader.elements.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape

from tools.site_reader.elements import Area, BlockKind, Elements
from tools.site_reader.hidden import Sheet

MAX_HTML = 2_000_000  # characters
MAX_ATTRIBUTES = 64  # kept of one tag
MAX_VALUE = 4_000  # characters of an attribute or of a line; also under the 4,300 digits int() takes
MAX_JSON_LD = 200_000
MAX_ITEMS = 4_000  # lines, links or addresses kept of one page
MAX_INLINE = 500_000  # characters of inline scripts kept
MAX_NESTED = 20  # microdata objects in each other

_TAG_NAME = re.compile(r"[a-zA-Z][^\s/>]{0,40}+[^\s/>]*+")
_ATTRIBUTE = re.compile(
    r"""[\s/]*+(?P<name>=?[^\s/>=]*+)(?:\s*+(?P<equals>=)\s*+"""
    r"""(?:"(?P<double>[^"]*+)"?|'(?P<single>[^']*+)'?|(?P<bare>[^\s>]*+)))?"""
)
_RAW = frozenset({"script", "style", "textarea", "title", "iframe", "noembed", "noframes", "xmp"})
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW}
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "img", "ins", "kbd", "mark", "path", "q", "s"}
    | {"samp", "small", "span", "strong", "sub", "sup", "svg", "time", "u", "var", "wbr"}
)
_ADDRESS_ATTRIBUTE = {
    "script": "src", "link": "href", "iframe": "src", "img": "src", "form": "action", "source": "src", "embed": "src",
}  # fmt: skip


@dataclass(slots=True)
class Link:
    href: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of visible text of its own: a heading, a paragraph, an entry of a list, a cell of a table."""

    text: str
    kind: BlockKind = "paragraph"
    level: int = 0  # of a heading, 1–6
    area: Area = "body"
    row: int = 0  # of a cell: cells of one row share it
    linked: int = 0  # characters of it that are the words of links


@dataclass(slots=True)
class Item:
    """One microdata object (HTML standard §5): its type, and what it says, nested objects included."""

    type: str
    said: dict[str, "str | Item"] = field(default_factory=dict)


@dataclass(slots=True)
class Page:
    """The parts of one page, in its order. Entities are resolved; nothing is cleaned yet."""

    title: str = ""
    language: str = ""  # of <html lang>
    base: str = ""  # of <base href>
    meta: dict[str, str] = field(default_factory=dict)  # name, property or http-equiv in lower case → content
    addresses: list[str] = field(default_factory=list)  # of scripts, styles, frames, images and forms
    links: list[Link] = field(default_factory=list)
    json_ld: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)  # microdata, the outermost ones
    blocks: list[Block] = field(default_factory=list)  # of visible text
    inline: str = ""  # inline scripts, joined

    @property
    def lines(self) -> list[str]:
        """The visible text, one entry a block."""
        return [block.text for block in self.blocks]


def parse(html: str) -> Page:
    """Never raises. Reads at most MAX_HTML characters."""
    return _Parser(html[:MAX_HTML]).run()


class _Parser:
    def __init__(self, html: str) -> None:
        self._html = html
        self._page = Page()
        self._block: list[str] = []
        self._block_length = 0
        self._linked = 0
        self._link: Link | None = None
        self._elements = Elements()
        self._sheet = Sheet()
        self._items: list[tuple[int, Item]] = []  # open microdata objects with their depth
        self._property: tuple[int, Item, str] | None = None  # depth, object and name of a property whose text is read
        self._inline: list[str] = []
        self._inline_length = 0

    def run(self) -> Page:
        html, position = self._html, 0
        while True:
            bracket = html.find("<", position)
            if bracket < 0:
                self._text(html[position:])
                break
            self._text(html[position:bracket])
            position = self._markup(bracket)
            if position < 0:
                break
        self._end_block()
        self._page.inline = "\n".join(self._inline)
        return self._page

    def _markup(self, start: int) -> int:
        """Reads what begins with "<" at `start`. Returns where to go on; negative: the page ends in it."""
        html = self._html
        if html.startswith("<!--", start):
            if html.startswith((">", "->"), start + 4):
                return html.find(">", start) + 1
            end = html.find("-->", start + 4)
            return end + 3 if end >= 0 else -1
        if html.startswith(("<!", "<?", "</"), start):
            closing = _TAG_NAME.match(html, start + 2) if html[start + 1] == "/" else None
            end = html.find(">", start)
            if closing:
                self._close(closing[0][:40].lower())
            return end + 1 if end >= 0 else -1
        name = _TAG_NAME.match(html, start + 1)
        if name is None:
            self._text("<")
            return start + 1
        attributes, end = self._attributes(name.end())
        if end < 0:
            return -1
        tag = name[0][:40].lower()
        if tag not in _RAW:
            self._open(tag, attributes, closed=html[end - 2] == "/")
            return end
        close = _RAW_END[tag].search(html, end)
        stop = close.start() if close else len(html)
        self._open(tag, attributes)
        self._raw(tag, attributes, end, stop)
        return stop if close else -1

    def _attributes(self, position: int) -> tuple[Mapping[str, str], int]:
        html, found = self._html, dict[str, str]()
        while position < len(html):
            if html[position] == ">":
                return found, position + 1
            match = _ATTRIBUTE.match(html, position)
            if match is None or match.end() == position:
                position += 1
                continue
            position = match.end()
            name = match["name"][:40].lower()
            if name and name not in found and len(found) < MAX_ATTRIBUTES:
                value = match["double"] or match["single"] or match["bare"] or ""
                found[name] = unescape(value[:MAX_VALUE]) if "&" in value[:MAX_VALUE] else value[:MAX_VALUE]
        return found, -1

    def _open(self, tag: str, attributes: Mapping[str, str], *, closed: bool = False) -> None:
        page = self._page
        if tag not in _INLINE:
            self._end_block()
        hidden = self._elements.open(tag, attributes, self._sheet, closed=closed)
        if "itemscope" in attributes or "itemprop" in attributes:
            self._microdata(attributes, hidden)
        if (address := attributes.get(_ADDRESS_ATTRIBUTE.get(tag, ""))) and len(page.addresses) < MAX_ITEMS:
            page.addresses.append(address)
        if tag == "html":
            page.language = page.language or attributes.get("lang", "")
        elif tag == "base":
            page.base = page.base or attributes.get("href", "")
        elif tag == "meta":
            key = attributes.get("name") or attributes.get("property") or attributes.get("http-equiv") or ""
            if key and len(page.meta) < MAX_ITEMS:
                page.meta.setdefault(key.strip().lower(), attributes.get("content", ""))
        elif tag == "a":
            self._link = None
            if attributes.get("href") and not hidden and len(page.links) < MAX_ITEMS:
                self._link = Link(attributes["href"])
                page.links.append(self._link)

    def _close(self, tag: str) -> None:
        if tag == "a":
            self._link = None
            self._end_block()  # two links side by side are two entries of a list, not a sentence
        elif tag not in _INLINE:
            self._end_block()
        self._elements.close(tag)
        depth = self._elements.depth
        if self._property is not None and self._property[0] > depth:
            self._property = None
        while self._items and self._items[-1][0] > depth:
            self._items.pop()

    def _microdata(self, attributes: Mapping[str, str], hidden: bool) -> None:
        """Text properties are read from visible text, the others from attributes, as the standard says."""
        name = attributes.get("itemprop", "").split(" ")[0].strip()
        depth = self._elements.depth
        inside = self._items[-1][1] if self._items else None
        if "itemscope" in attributes:
            item = Item(attributes.get("itemtype", "").split(" ")[0])
            if len(self._items) >= MAX_NESTED:
                return
            if name and inside is not None and len(inside.said) < MAX_ATTRIBUTES:
                inside.said.setdefault(name, item)
            elif len(self._page.items) < MAX_ITEMS:
                self._page.items.append(item)
            self._items.append((depth, item))
        elif name and inside is not None and len(inside.said) < MAX_ATTRIBUTES and name not in inside.said:
            said = next((attributes[key] for key in ("content", "datetime", "href", "src") if key in attributes), None)
            if said is not None:
                inside.said[name] = said
            elif not hidden:
                self._property = (depth, inside, name)

    def _raw(self, tag: str, attributes: Mapping[str, str], start: int, stop: int) -> None:
        page = self._page
        if tag == "title" and not page.title:
            page.title = unescape(self._html[start : min(stop, start + MAX_VALUE)])
        elif tag == "script" and "ld+json" in attributes.get("type", "").lower():
            if stop - start <= MAX_JSON_LD and len(page.json_ld) < MAX_ITEMS:
                page.json_ld.append(self._html[start:stop])
        elif tag == "style":
            self._sheet.read(self._html[start:stop])
        elif tag == "script" and self._inline_length < MAX_INLINE:
            self._inline.append(self._html[start : min(stop, start + MAX_INLINE - self._inline_length)])
            self._inline_length += len(self._inline[-1])

    def _text(self, text: str) -> None:
        room = MAX_VALUE - self._block_length
        if not text or room <= 0 or self._elements.hidden:
            return
        text = text[:room]
        self._block.append(text)
        self._block_length += len(text)
        if self._link is not None:
            self._linked += len(text.strip())
            if len(self._link.text) < 200:
                self._link.text += unescape(text[:200])
        if self._property is not None:
            _, item, name = self._property
            held = item.said.get(name, "")
            if isinstance(held, str) and len(held) < 200:
                item.said[name] = held + unescape(text[:200])

    def _end_block(self) -> None:
        if not self._block:
            return
        text = unescape("".join(self._block)).strip()
        linked = min(self._linked, len(text))
        self._block, self._block_length, self._linked = [], 0, 0
        if text and len(self._page.blocks) < MAX_ITEMS:
            at = self._elements
            self._page.blocks.append(
                Block(text, at.kind, at.level, at.area, at.row if at.kind == "cell" else 0, linked)
            )
