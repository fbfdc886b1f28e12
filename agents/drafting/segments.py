"""From a rendered template to lines that know their facts, and back to text with claims at exact places.

A template has one sentence a line and a blank line between paragraphs. "~" opens a line that a model may rewrite, "|" a
line that keeps its line break. The first line is the subject.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agents.drafting.types import Claim, Field, Sentence
from core.errors import FixConfiguration
from prompts.marks import unmark

_SUBJECT = "Subject: "


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    fact_ids: tuple[str, ...]
    written_by: str
    rewritable: bool = False
    breaks: bool = False  # keeps its line break


@dataclass(frozen=True, slots=True)
class Layout:
    subject: Line
    paragraphs: tuple[tuple[Line, ...], ...]

    def rewritable(self) -> dict[int, Line]:
        """Lines a model may rewrite, by slot: their number among all lines of the body."""
        lines = (line for paragraph in self.paragraphs for line in paragraph)
        return {slot: line for slot, line in enumerate(lines) if line.rewritable}

    def with_lines(self, changed: Mapping[int, Line]) -> "Layout":
        slot = 0
        paragraphs = []
        for paragraph in self.paragraphs:
            lines = []
            for line in paragraph:
                lines.append(changed.get(slot, line))
                slot += 1
            paragraphs.append(tuple(lines))
        return replace(self, paragraphs=tuple(paragraphs))


def parse(rendered: str, written_by: str) -> Layout:
    """Lines of a rendered template. Raises FixConfiguration where it does not open with a subject."""
    subject, *rest = rendered.strip("\n").split("\n")
    if not subject.startswith(_SUBJECT):
        raise FixConfiguration(f"The template {written_by!r} does not open with “Subject: ”.")
    paragraphs: list[list[Line]] = [[]]
    for raw in rest:
        if not raw.strip():
            paragraphs.append([])
            continue
        paragraphs[-1].append(_line(raw, written_by))
    return Layout(
        _line(subject.removeprefix(_SUBJECT), written_by), tuple(tuple(lines) for lines in paragraphs if lines)
    )


def _line(raw: str, written_by: str) -> Line:
    rewritable, breaks = raw.startswith("~ "), raw.startswith("| ")
    text, spans = unmark(raw[2:] if rewritable or breaks else raw)
    ids = tuple(dict.fromkeys(item for span in spans for item in span.ids))
    return Line(text.strip(), ids, written_by, rewritable, breaks)


def assemble(layout: Layout) -> tuple[str, str, tuple[Claim, ...], tuple[Sentence, ...]]:
    """Subject, body, claims and sentences. Spans are exact by construction."""
    claims: list[Claim] = []
    sentences: list[Sentence] = []

    def note(part: Field, start: int, line: Line) -> None:
        end = start + len(line.text)
        sentences.append(Sentence(part, start, end, line.written_by))
        if line.fact_ids:
            claims.append(Claim(part, start, end, line.fact_ids))

    note("subject", 0, layout.subject)
    body = ""
    for paragraph in layout.paragraphs:
        if body:
            body += "\n\n"
        previous: Line | None = None
        for line in paragraph:
            if previous is not None:
                body += "\n" if previous.breaks or line.breaks else " "
            note("body", len(body), line)
            body += line.text
            previous = line
    return layout.subject.text, body, tuple(claims), tuple(sentences)


def ids_at(claims: Iterable[Claim], part: Field, start: int, end: int) -> tuple[str, ...]:
    """Ids of the claims that cover the whole span."""
    covering: Sequence[Claim] = [
        claim for claim in claims if claim.field == part and claim.start <= start and end <= claim.end
    ]
    return tuple(dict.fromkeys(item for claim in covering for item in claim.fact_ids))
