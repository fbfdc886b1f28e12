"""What is said of the words and links of a mail, and that a plain mail gets no word at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.deliverability.content import MEND, ContentNote, NoteRule, notes_on_content

TEXT = "Hello Mia,\n\nyour new warehouse in Cork opens in May. Do you plan its shifts by hand?\n\nAnn"


def notes(subject: str = "Shifts in Cork", text: str = TEXT, html: str = "") -> list[ContentNote]:
    return notes_on_content(subject=subject, text=text, html=html, sender_domain="acme.example")


def link(url: str, shown: str = "the plan") -> str:
    return f'<p>{TEXT}</p><a href="{url}">{shown}</a>'


def test_a_plain_mail_gets_no_word() -> None:
    assert notes() == []
    assert notes(html=link("https://www.acme.example/x", "acme.example/x")) == []


CASES = [
    ("all_caps_subject", {"subject": "NEW SHIFTS NOW"}),
    ("loud_subject", {"subject": "New shifts!!"}),
    ("long_subject", {"subject": "word " * 20}),
    ("looks_like_a_reply", {"subject": "Re: our talk"}),
    ("shouting", {"text": "THIS OFFER REALLY ENDS soon"}),
    ("pressing_words", {"text": "Act now, dear Mia."}),
    ("link_text_lies", {"html": link("https://acme.example/x", "https://bank.example/login")}),
    ("ip_link", {"html": link("https://192.0.2.1/x")}),
    ("ip_link", {"text": "see http://2130706433/x"}),
    ("shortener", {"html": link("https://bit.ly/x")}),
    ("foreign_links", {"html": link("https://other.example/x")}),
    ("many_links", {"html": link("https://acme.example/x") * 4}),
    ("plain_http", {"html": link("http://acme.example/x")}),
    ("no_plain_text", {"text": "", "html": f"<p>{TEXT}</p>"}),
    ("too_large", {"html": f"<p>{TEXT}</p><!--{'x' * 103_000}-->"}),
    ("mostly_images", {"html": '<img src="https://acme.example/a.png"><p>Hello</p>'}),
    ("foreign_image", {"html": f'<p>{TEXT} {TEXT}</p><img src="https://track.example/a.gif">'}),
]


@pytest.mark.parametrize(("rule", "changed"), CASES, ids=[f"{index}-{case[0]}" for index, case in enumerate(CASES)])
def test_each_rule_speaks_for_its_own_reason(rule: str, changed: dict[str, str]) -> None:
    found = {note.rule: note for note in notes(**changed)}
    assert rule in found
    assert found[rule].what


def test_other_domains_of_ours_are_not_foreign() -> None:
    html = link("https://go.acme-mail.example/u/1")
    found = notes_on_content(
        subject="x", text=TEXT, html=html, sender_domain="acme.example", own_domains=["acme-mail.example"]
    )
    assert found == []


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=80),
    st.text(max_size=200),
    st.text(max_size=200).map(lambda text: f'<a href="{text}">{text}</a><img src="{text}">'),
)
def test_any_text_is_read(subject: str, text: str, html: str) -> None:
    assert all(note.what and len(note.where) <= 120 for note in notes(subject, text, html))


def test_every_note_says_how_to_mend_it() -> None:
    assert set(MEND) == set(NoteRule)
    assert {rule for rule, _ in CASES} == {rule.value for rule in NoteRule}


def test_an_address_in_the_words_is_a_link_beside_an_anchor_too() -> None:
    html = link("https://www.acme.example/u/1", "Unsubscribe")
    found = notes(text=f"{TEXT} https://bit.ly/x.", html=html)
    assert {note.rule for note in found} == {NoteRule.SHORTENER, NoteRule.FOREIGN_LINKS}
    assert notes(text=f"{TEXT} https://www.acme.example/u/1", html=html) == []
