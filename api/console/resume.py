"""A session that ends while somebody types loses no text. A form that is kept here (`keeps`) and meets an ended session
answers with the sign-in page, which carries what was typed; after signing in, `again` shows the form with it.
Nothing of it is stored, and nothing is written before the person sends the form anew.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import FormData

_PREFIX = "typed."
_LONGEST = 100_000  # characters of all fields together


@dataclass(frozen=True, slots=True)
class _Kept:
    path: re.Pattern[str]
    again: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, and where it is shown again."""

    again: str
    fields: Mapping[str, str]

    @property
    def hidden(self) -> dict[str, str]:
        """Fields for the sign-in form."""
        return {"again": self.again, **{_PREFIX + name: text for name, text in self.fields.items()}}


_kept: list[_Kept] = []


def keeps(path: str, again: str, fields: tuple[str, ...]) -> None:
    """`path`: of the form's POST, with {names}; `again`: the POST that shows the form with `fields` filled in."""
    _kept.append(_Kept(_pattern(path), again, fields))


def typed(request: Request) -> Typed | None:
    """Of a POST that met an ended session. FastAPI has read the form before it asked who sends it."""
    form = getattr(request, "_form", None)
    if request.method != "POST" or not isinstance(form, FormData):
        return None
    for kept in _kept:
        if found := kept.path.fullmatch(request.url.path):
            return _typed(kept.again.format(**found.groupdict()), {n: form.get(n) for n in kept.fields})
    return None


def carried(request: Request) -> Typed | None:
    """Of the sign-in form that carries it. None where it carries nothing that is kept here."""
    form = getattr(request, "_form", None)
    if not isinstance(form, FormData):
        return None
    again = form.get("again")
    known = isinstance(again, str) and any(_pattern(kept.again).fullmatch(again) for kept in _kept)
    if not known:
        return None
    fields = {name.removeprefix(_PREFIX): text for name, text in form.multi_items() if name.startswith(_PREFIX)}
    return _typed(str(again), fields)


def _typed(again: str, fields: Mapping[str, object]) -> Typed | None:
    words = {name: text for name, text in fields.items() if isinstance(text, str)}
    return Typed(again, words) if sum(map(len, words.values())) <= _LONGEST else None


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[0-9a-zA-Z-]+)", re.escape(path)))
