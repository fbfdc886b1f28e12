"""Which elements are open at a place of a page: is it seen, in what area of the page, and what kind of text is it.

A stack of bounded depth, closed as the HTML standard (§13.2.4.2, §13.2.6) closes elements where that decides whether a
text is seen: an end tag without its start does nothing, and none reaches out of a table's cell.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Literal, NamedTuple

from tools.site_reader.hidden import (
    WHITE,
    Colour,
    Sheet,
    background_of,
    colour_of,
    conceals,
    declarations,
    unseen,
)

MAX_DEPTH = 120  # real pages reach 60; deeper elements are as their ancestor at that depth

Area = Literal["body", "main", "nav", "header", "footer", "aside", "form"]
BlockKind = Literal["paragraph", "heading", "item", "cell", "quote"]

VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
_BOUNDARIES = frozenset({"td", "th", "caption", "table", "template", "object", "marquee"})
_TABLE = frozenset({"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup"})
_CLOSED_BY: Mapping[str, frozenset[str]] = {
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "option": frozenset({"option"}),
    "tr": frozenset({"tr", "td", "th"}),
    "td": frozenset({"td", "th"}),
    "th": frozenset({"td", "th"}),
    "tbody": frozenset({"tbody", "thead", "tr", "td", "th"}),
}
_FOREIGN = frozenset({"svg", "math"})
_ENDS_P = frozenset(
    {"address", "article", "aside", "blockquote", "center", "details", "div", "dl", "fieldset", "figure", "footer"}
    | {"form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "menu", "nav", "ol", "p", "pre"}
    | {"section", "table", "ul", "li", "dd", "dt"}
)
_AREA_TAGS: Mapping[str, Area] = {
    "main": "main", "article": "main", "nav": "nav", "header": "header", "footer": "footer", "aside": "aside",
    "form": "form", "address": "footer",
}  # fmt: skip
_AREA_ROLES: Mapping[str, Area] = {
    "main": "main", "navigation": "nav", "banner": "header", "contentinfo": "footer", "complementary": "aside",
    "search": "form", "menubar": "nav", "menu": "nav", "dialog": "aside", "alertdialog": "aside",
}  # fmt: skip
_CONSENT = re.compile(r"cookie|consent|gdpr", re.IGNORECASE)
_KINDS: Mapping[str, BlockKind] = {
    "li": "item", "dd": "item", "dt": "item", "td": "cell", "th": "cell", "blockquote": "quote", "q": "quote",
    **{f"h{level}": "heading" for level in range(1, 7)},
}  # fmt: skip


class _Open(NamedTuple):
    tag: str
    hidden: bool
    background: Colour | None  # None: not known
    area: Area
    kind: BlockKind
    level: int


_ROOT = _Open("", hidden=False, background=WHITE, area="body", kind="paragraph", level=0)


class Elements:
    def __init__(self) -> None:
        self._stack = [_ROOT]
        self._count: Counter[str] = Counter()
        self._deeper: Counter[str] = Counter()  # open elements beyond MAX_DEPTH
        self.row = 0

    @property
    def depth(self) -> int:
        return len(self._stack) - 1

    @property
    def hidden(self) -> bool:
        return self._stack[-1].hidden

    @property
    def area(self) -> Area:
        return self._stack[-1].area

    @property
    def kind(self) -> BlockKind:
        return self._stack[-1].kind

    @property
    def level(self) -> int:
        return self._stack[-1].level

    def open(self, tag: str, attributes: Mapping[str, str], sheet: Sheet, *, closed: bool = False) -> bool:
        """Opens an element; whether it is hidden. A void one is judged and not kept.

        `closed`: the tag ends in "/>", which closes elements of SVG and MathML alone.
        """
        self._imply(tag)
        if tag == "tr":
            self.row += 1
        parent = self._stack[-1]
        found = _opened(tag, attributes, sheet, parent)
        if tag in VOID or (closed and (tag in _FOREIGN or self._count["svg"] or self._count["math"])):
            return found.hidden
        if len(self._stack) > MAX_DEPTH:
            self._deeper[tag] += 1
            return found.hidden
        self._stack.append(found)
        self._count[tag] += 1
        return found.hidden

    def close(self, tag: str) -> None:
        if self._deeper[tag]:
            self._deeper[tag] -= 1
            return
        if not self._count[tag]:
            return
        within = tag in _TABLE
        for at in range(len(self._stack) - 1, 0, -1):
            if self._stack[at].tag == tag:
                self._pop_to(at)
                return
            if self._stack[at].tag == "table" if within else self._stack[at].tag in _BOUNDARIES:
                return

    def _imply(self, tag: str) -> None:
        """Ends what a start tag ends without an end tag being written."""
        closed = _CLOSED_BY.get(tag)
        if closed:
            for at in range(len(self._stack) - 1, max(0, len(self._stack) - 8), -1):
                if self._stack[at].tag in closed:
                    self._pop_to(at)
                    break
                if self._stack[at].tag in ("ul", "ol", "dl", "table", "select", "div"):
                    break
        elif tag in _ENDS_P and self._count["p"]:
            self.close("p")

    def _pop_to(self, at: int) -> None:
        for gone in self._stack[at:]:
            self._count[gone.tag] -= 1
        del self._stack[at:]
        self._deeper.clear()  # whatever was deeper is closed with what it stood in


def _opened(tag: str, attributes: Mapping[str, str], sheet: Sheet, parent: _Open) -> _Open:
    said = sheet.said_of(tag, attributes)
    style = attributes.get("style", "")
    if style:
        said = {**said, **declarations(style)}
    if tag == "font" and "color" in attributes:
        said = {"color": attributes["color"], **said}
    background = background_of(said)
    if background is None and "bgcolor" in attributes:
        painted = colour_of(attributes["bgcolor"])
        background = painted if isinstance(painted, tuple) else None
    if background is None:
        # A class may paint what lies behind: then it is not known whether white words can be read.
        unknown = "class" in attributes or "id" in attributes or "background" in said or "background-image" in said
        background = None if unknown else parent.background
    hidden = parent.hidden or unseen(tag, attributes) or conceals(said, background)
    area = _area(tag, attributes, parent.area)
    kind = _KINDS.get(tag, parent.kind)
    level = int(tag[1]) if kind == "heading" and tag in _KINDS else parent.level if kind == "heading" else 0
    return _Open(tag, hidden, background, area, kind, level)


def _area(tag: str, attributes: Mapping[str, str], parent: Area) -> Area:
    area = _AREA_ROLES.get(attributes.get("role", "").strip().lower()) or _AREA_TAGS.get(tag)
    if area is None and tag in ("div", "section") and parent not in ("nav", "footer"):
        named = f"{attributes.get('id', '')} {attributes.get('class', '')}"
        if len(named) > 1 and _CONSENT.search(named[:300]):
            return "aside"
    if area is None or (parent == "main" and area in ("header", "footer", "form")):
        return parent  # the header of an article is part of it
    return parent if parent in ("nav", "footer", "aside") and area != "main" else area
