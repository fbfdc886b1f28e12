"""Files of video services and note takers, read: every shape to the same turns, and what cannot be read refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Rejected
from tools.transcripts import MOST_BYTES, Format, read_transcript

ZOOM = """WEBVTT

1
00:00:02.000 --> 00:00:04.000
Anna Berg: We need it

2
00:00:04.100 --> 00:00:06.000
Anna Berg: by March.

3
00:00:07.000 --> 00:00:09.000
Ben Ito: Understood.
"""
TEAMS = """WEBVTT

6a1b/12-0
00:00:02.000 --> 00:00:04.000
<v Anna Berg>We need it</v>

6a1b/13-0
00:00:04.100 --> 00:00:06.000
<v Anna Berg>by March.</v>
<v Ben Ito>Understood.</v>
"""
SRT = """1
00:00:02,000 --> 00:00:04,000
Anna Berg: We need it

2
00:00:04,100 --> 00:00:06,000
by March.

3
00:00:07,000 --> 00:00:09,000
Ben Ito: Understood.
"""
MEET = """Sales call (2026-06-02)
Attendees: Anna Berg, Ben Ito

00:00:02
Anna Berg: We need it
by March.
Ben Ito: Understood.
"""
OTTER = "Anna Berg  0:02\nWe need it\nby March.\n\nBen Ito  0:07\nUnderstood.\n"
BRACKETS = "[00:02] Anna Berg: We need it by March.\n[00:07] Ben Ito: Understood.\n"
ZOOM_TEXT = "[Anna Berg] 00:00:02\nWe need it by March.\n\n[Ben Ito] 00:00:07\nUnderstood.\n"
NOTES = "Anna Berg (00:02): We need it by March.\n**Ben Ito:** Understood.\n"
SHAPES = {
    "zoom": ZOOM,
    "teams": TEAMS,
    "srt": SRT,
    "meet": MEET,
    "otter": OTTER,
    "brackets": BRACKETS,
    "zoom-text": ZOOM_TEXT,
    "notes": NOTES,
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_gives_who_said_what_and_when(name: str) -> None:
    found = read_transcript(SHAPES[name].encode())
    assert [(turn.speaker, turn.text) for turn in found.turns] == [
        ("Anna Berg", "We need it by March."),
        ("Ben Ito", "Understood."),
    ]
    assert found.turns[0].marks[0].at == 2.0
    assert found.speakers == ("Anna Berg", "Ben Ito")


def test_a_sentence_over_two_captions_knows_when_each_half_was_said() -> None:
    turn = read_transcript(ZOOM.encode()).turns[0]
    assert turn.mark_at(turn.text.index("We")).at == 2.0
    assert turn.mark_at(turn.text.index("March")).at == 4.1
    assert turn.mark_at(turn.text.index("March")).line == 9


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_any_encoding_is_read(encoding: str) -> None:
    text = "Zoë Müller: Ça coûte trop cher, à mon avis.\nBjörn Åkesson: Wir prüfen das für Sie.\n" * 3
    found = read_transcript(text.encode(encoding))
    assert found.speakers == ("Zoë Müller", "Björn Åkesson")
    assert found.turns[0].text.startswith("Ça coûte")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"  \n \n", "empty"),
        (b"a line of prose that nobody says\nand another one", "line 1"),
        (b"WEBVTT\n\n1\n00:00:09,00x --> 00:00:10\nhi", "Line 4"),
        (b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nAnna: hi\n\nwords without a time\n", "Line 6"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nAnna: hi\n\n2\nno time\n", "Line 5"),
        (b"PK\x03\x04" + b"x" * 99, "document"),
        (b"%PDF-1.7", "document"),
        (b"A: x\n" * (MOST_BYTES // 5 + 1), "bytes"),
        (b"".join(b"Anna: x\nBen: y\n" for _ in range(6_000)), "turns"),
    ],
    ids=["empty", "blank", "prose", "bad-time", "lost-words", "srt-lost", "zip", "pdf", "large", "many"],
)
def test_what_cannot_be_read_is_refused_with_its_line(data: bytes, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        read_transcript(data)


@pytest.mark.parametrize(
    "line",
    [
        "the bottom line: we wait",
        "Problem: it is slow",
        "https://example.com/x: a link",
        "Note: internal",
        "and then: nothing",
    ],
)
def test_words_before_a_colon_are_not_always_a_name(line: str) -> None:
    found = read_transcript(f"Anna Berg: hello\n{line}\n".encode())
    assert found.speakers == ("Anna Berg",)
    assert line in found.turns[0].text


@pytest.mark.parametrize(
    "name",
    ["Anna", "Berg, Anna", "Jean-Luc d'Arc", "María de la Cruz", "Anna Berg (Acme)", "Speaker 3", "Dr. Ute von Holt",
     "anna@acme.example", "李雷", "Анна Берг"],
)  # fmt: skip
def test_names_of_many_kinds_are_speakers(name: str) -> None:
    assert read_transcript(f"{name}: hello there".encode()).speakers == (name,)


def test_hostile_marks_are_taken_out_and_the_rest_is_text() -> None:
    raw = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v Eve\u202e>a\u0000<script>x</script>&lt;b&gt;\u2066 {{7*7}}</v>\n"
    [turn] = read_transcript(raw.encode()).turns
    assert turn.speaker == "Eve"
    assert turn.text == "a<script>x</script><b> {{7*7}}"


@given(st.text(max_size=300), st.sampled_from(["", "WEBVTT\n\n", "1\n00:00:01,000 --> 00:00:02,000\n"]))
def test_any_text_is_read_or_refused(text: str, head: str) -> None:
    try:
        found = read_transcript((head + text).encode("utf-8", "surrogatepass"))
    except Rejected:
        return
    assert found.format in Format
    for turn in found.turns:
        assert turn.marks
        assert [mark.offset for mark in turn.marks] == sorted(mark.offset for mark in turn.marks)
        assert "\x00" not in turn.text


WORDS = st.from_regex(r"[a-z]{1,9}( [a-z]{1,9}){0,4}", fullmatch=True)


@given(st.lists(st.tuples(st.sampled_from(["Anna Berg", "Ben Ito"]), WORDS), min_size=1, max_size=20))
def test_no_word_is_lost_or_put_into_another_mouth(said: list[tuple[str, str]]) -> None:
    cues = "\n\n".join(
        f"{n}\n00:00:{n:02d}.000 --> 00:00:{n + 1:02d}.000\n{who}: {words}"
        for n, (who, words) in enumerate(said, start=1)
    )
    for data in (f"WEBVTT\n\n{cues}\n", "\n".join(f"{who}: {words}" for who, words in said)):
        found = read_transcript(data.encode())
        for who in ("Anna Berg", "Ben Ito"):
            want = " ".join(words for name, words in said if name == who)
            assert " ".join(turn.text for turn in found.turns if turn.speaker == who) == want
