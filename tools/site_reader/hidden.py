"""Which elements a visitor does not see: what hides there is no content, and a favourite place for orders to machines.

By attributes, inline styles and the page's own plain style rules. Not by linked style sheets or scripts: those would
have to be fetched and run.
"""

import re
from collections.abc import Mapping

MAX_STYLE = 2_000  # characters of one style attribute
MAX_SHEET = 200_000  # characters of style elements of one page
_MAX_RULES = 4_000

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)

_NAMED: Mapping[str, Colour] = {
    "white": WHITE,
    "black": (0, 0, 0),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "whitesmoke": (245, 245, 245),
    "ghostwhite": (248, 248, 255),
    "floralwhite": (255, 250, 240),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
}
_NEAR = 12  # of 255 in each channel: closer colours cannot be told apart by a reader
_NUMBER = re.compile(r"-?\d{0,9}\.?\d{1,9}")
_HEX = re.compile(r"#[0-9a-f]{3,8}")
_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
_ESCAPE = re.compile(r"\\([0-9a-f]{1,6})\s?", re.IGNORECASE)
_SELECTOR = re.compile(r"[\w-]{0,60}[.#]?[\w-]{1,60}")
_FAR = 400.0  # pixels; a text moved further out than that is off the screen
_PX = {"px": 1.0, "": 1.0, "em": 16.0, "rem": 16.0, "ex": 8.0, "pt": 1.33, "%": 10.0, "vw": 12.0, "vh": 8.0}
_UNSEEN_CLASSES = frozenset({"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text"})
_UNSEEN_TAGS = frozenset(
    {"template", "noscript", "datalist", "object", "video", "audio", "canvas", "svg", "option", "map", "progress"}
)


def declarations(style: str) -> dict[str, str]:
    """Property to value, both in lower case; the last one counts."""
    style = _ESCAPE.sub(_unescaped, _COMMENT.sub("", style[:MAX_STYLE])) if "\\" in style or "/*" in style else style
    found: dict[str, str] = {}
    for part in style[:MAX_STYLE].lower().split(";"):
        name, colon, value = part.partition(":")
        if colon:
            found[name.strip()] = value.replace("!important", "").strip()
    return found


def conceals(said: Mapping[str, str], background: Colour | None) -> bool:
    """Does this style keep its text from a reader? `background`: what lies behind it; None: not known.

    opacity 0 together with a movement or transition is how pages fade their text in, and no hiding.
    """
    if not said:
        return False
    if said.get("display") == "none" or said.get("visibility") in ("hidden", "collapse"):
        return True
    if said.get("content-visibility") == "hidden" or _clipped(said) or _far_out(said):
        return True
    moves = any(name in said for name in ("transform", "transition", "animation", "will-change", "filter"))
    if (opacity := _first_number(said.get("opacity", ""))) is not None and opacity <= 0.05 and not moves:
        return True
    if "font-size" in said and (size := _pixels(said["font-size"])) is not None and abs(size) < 2:
        return True
    colour = colour_of(said.get("color", ""))
    return colour == "none" or (isinstance(colour, tuple) and background is not None and _alike(colour, background))


def background_of(said: Mapping[str, str]) -> Colour | None:
    for name in ("background-color", "background"):
        for word in said.get(name, "").replace(", ", ",").split():
            colour = colour_of(word)
            if isinstance(colour, tuple):
                return colour
    return None


def colour_of(text: str) -> Colour | str:
    """Red, green, blue; "none" for a transparent one, "" for what is not read."""
    text = text.strip().lower()
    if text in _NAMED:
        return _NAMED[text]
    if text == "transparent":
        return "none"
    if _HEX.fullmatch(text):
        digits = text[1:]
        if len(digits) in (3, 4):
            digits = "".join(digit * 2 for digit in digits)
        if len(digits) not in (6, 8):
            return ""
        if digits[6:] == "00":
            return "none"
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
    if text.startswith(("rgb(", "rgba(")) and len(text) < 80:
        numbers = [float(number) for number in _NUMBER.findall(text)]
        if len(numbers) == 4 and numbers[3] <= 0.05:
            return "none"
        if len(numbers) >= 3:
            red, green, blue = (min(255, max(0, int(number))) for number in numbers[:3])
            return red, green, blue
    return ""


def unseen(tag: str, attributes: Mapping[str, str]) -> bool:
    """Hidden by what the element is or says of itself, style apart."""
    if tag in _UNSEEN_TAGS or "hidden" in attributes or attributes.get("aria-hidden", "").strip().lower() == "true":
        return True
    if tag == "dialog" and "open" not in attributes:
        return True
    return "class" in attributes and not _UNSEEN_CLASSES.isdisjoint(attributes["class"].lower().split())


class Sheet:
    """The plain rules of a page's own style elements: a tag, a class or an id, outside of @media and its like."""

    def __init__(self) -> None:
        self._left = MAX_SHEET
        self._rules: dict[str, dict[str, str]] = {}

    def read(self, css: str) -> None:
        css, self._left = css[: self._left], self._left - min(len(css), self._left)
        depth = 0
        for part in _COMMENT.sub("", css).split("}"):
            *outer, body = part.split("{")
            depth += len(outer)
            if depth == 1 and outer and not outer[0].lstrip().startswith("@") and len(self._rules) < _MAX_RULES:
                said = declarations(body)
                for selector in outer[0].split(",")[:100]:
                    if _SELECTOR.fullmatch(selector.strip()):
                        self._rules.setdefault(selector.strip().lower(), {}).update(said)
            depth = max(0, depth - 1)

    def said_of(self, tag: str, attributes: Mapping[str, str]) -> dict[str, str]:
        if not self._rules:
            return {}
        keys = [tag]
        for name in attributes.get("class", "").lower().split()[:30]:
            keys += [f".{name}", f"{tag}.{name}"]
        if "id" in attributes:
            keys += [f"#{attributes['id'].strip().lower()}", f"{tag}#{attributes['id'].strip().lower()}"]
        said: dict[str, str] = {}
        for key in keys:
            said.update(self._rules.get(key, {}))
        return said


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if 0x20 <= code < 0x7F else ""


def _clipped(said: Mapping[str, str]) -> bool:
    clip = said.get("clip", "").replace(" ", "").replace("px", "")
    if clip.startswith("rect(0") and set(clip) <= set("rect()01,"):
        return True
    path = said.get("clip-path", "").replace(" ", "")
    if path.startswith(("inset(50%", "inset(100%", "circle(0")):
        return True
    if not said.get("overflow", "").startswith(("hidden", "clip")):
        return False
    sizes = (_pixels(said.get(name, "")) for name in ("width", "height", "max-height", "max-width"))
    return any(size is not None and 0 <= size <= 1 for size in sizes)


def _far_out(said: Mapping[str, str]) -> bool:
    if (indent := _pixels(said.get("text-indent", ""))) is not None and abs(indent) >= _FAR:
        return True
    places = ["margin-left", "margin-top"]
    if said.get("position") in ("absolute", "fixed", "relative"):
        places += ["left", "top", "right", "bottom"]
    if any((at := _pixels(said.get(name, ""))) is not None and at <= -_FAR for name in places):
        return True
    moved = said.get("transform", "")
    if moved.startswith("scale(0") and _first_number(moved[6:]) == 0:
        return True
    return "translate" in moved and any(abs(float(number)) >= 2 * _FAR for number in _NUMBER.findall(moved[:200]))


def _first_number(text: str) -> float | None:
    found = _NUMBER.match(text.strip())
    return float(found[0]) if found else None


def _pixels(text: str) -> float | None:
    found = _NUMBER.match(text)
    if not found:
        return None
    unit = text[found.end() :].split(" ")[0].strip()
    return float(found[0]) * _PX[unit] if unit in _PX else None


def _alike(one: Colour, other: Colour) -> bool:
    return all(abs(a - b) <= _NEAR for a, b in zip(one, other, strict=True))
