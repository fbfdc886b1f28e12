"""Templates: typed, sandboxed, versioned; and the small language for a workspace's own. Nothing is faked."""

import json
import re
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FixConfiguration, Rejected
from prompts.environment import MAX_OUTPUT_BYTES, ROOT, environment, render_to_text
from prompts.marks import mark, unmark
from prompts.registry import TEMPLATES, render
from prompts.tenant import render_tenant
from prompts.variables import (
    DiscoveryVariables,
    HookVariables,
    MeetingVariables,
    ReadingVariables,
    RecapVariables,
    RewriteVariables,
    ThreadVariables,
    WhichVariables,
)


def test_every_file_is_registered_once_and_says_its_version() -> None:
    files = {str(path.relative_to(ROOT)) for path in ROOT.rglob("*.j2")}
    listed = [spec.path(language) for spec in TEMPLATES for language in spec.languages]
    assert len(set(listed)) == len(listed)
    assert files == set(listed)
    for spec in TEMPLATES:
        for language in spec.languages:
            first = Path(ROOT, spec.path(language)).read_text().split("\n", 1)[0]
            found = re.search(r"version (\d+)", first)
            assert found, spec.name
            assert int(found[1]) == spec.version


MAIL: dict[str, Any] = {
    "first_name": "Jane",
    "company": "Acme",
    "product": "Ledgerline",
    "value_line": "catches errors",
    "proof": "It works.",
    "sender_name": "Sam",
    "sender_title": "AE",
    "sender_company": "Ledgerline Ltd",
    "hook": "something",
    "title": "CFO",
}
EXAMPLES = {
    HookVariables: HookVariables(**MAIL),
    ThreadVariables: ThreadVariables(**MAIL, thread_subject="Hello"),
    MeetingVariables: MeetingVariables(**MAIL, thread_subject="Hello", slots=["Monday"]),
    WhichVariables: WhichVariables(**MAIL, thread_subject="Hello", slots=["Monday"], question="Monday or Tuesday?"),
    RewriteVariables: RewriteVariables(max_words=20),
    ReadingVariables: ReadingVariables(intents=["interested: wants to meet"]),
    DiscoveryVariables: DiscoveryVariables(kinds=["need: what they need"]),
    RecapVariables: RecapVariables(**MAIL, thread_subject="Hello", steps=["On our side: send it"]),
}


@pytest.mark.parametrize("spec", TEMPLATES, ids=lambda spec: spec.name)
def test_every_template_renders_with_its_own_variables(spec: object) -> None:
    rendered = render(spec.name, EXAMPLES[spec.variables])  # type: ignore[attr-defined]
    assert rendered.template == spec.reference  # type: ignore[attr-defined]
    assert "{" not in rendered.text.replace('{"', "")
    assert rendered.text.strip()


def test_wrong_variables_and_unknown_names_are_configuration_errors() -> None:
    with pytest.raises(FixConfiguration):
        render("first_mail/hiring", RewriteVariables(max_words=20))
    with pytest.raises(FixConfiguration):
        render("first_mail/poem", EXAMPLES[HookVariables])
    with pytest.raises(FixConfiguration):
        render("first_mail/hiring", EXAMPLES[HookVariables], "xx")


def test_values_are_never_templates() -> None:
    values = EXAMPLES[HookVariables].model_copy(update={"hook": "{{ 7 * 7 }}{% raw %}", "company": "{{ product }}"})
    text = render("first_mail/news", values).text
    assert "{{ 7 * 7 }}{% raw %}" in text
    assert "49" not in text


class Thing:
    secret = "hidden"


@pytest.mark.parametrize("value", [Thing(), {"a": 1}, (1,), None, b"x", ["a", 1], "x" * 20_000])
def test_only_plain_small_values_enter(value: object) -> None:
    with pytest.raises(Rejected):
        render_to_text(environment().from_string("{{ x }}"), {"x": value})


def test_plain_values_render_and_a_missing_one_is_named() -> None:
    values = {"a": "x", "b": 2, "c": 1.5, "d": date(2026, 3, 8), "e": ["p", "q"]}
    assert (
        render_to_text(environment().from_string("{{a}} {{b}} {{c}} {{d}} {{e|join('+')}}"), values)
        == "x 2 1.5 2026-03-08 p+q"
    )
    with pytest.raises(Rejected, match="nothere"):
        render_to_text(environment().from_string("{{ nothere }}"), {})


def test_output_is_cut_off_at_a_size() -> None:
    template = environment().from_string("{% for a in x %}{% for b in x %}{{ b }}{% endfor %}{% endfor %}")
    with pytest.raises(Rejected, match="KB"):
        render_to_text(template, {"x": ["0123456789"] * 1_000})
    assert MAX_OUTPUT_BYTES == 64 * 1024


ATTACKS = [
    "{{ ''.__class__.__mro__ }}", "{{ company.upper() }}", "{{ company|attr('x') }}", "{{ 'a' * 10**9 }}",
    "{{ '%1000000000d' % 1 }}", "{{ 9**9**9 }}", "{% for a in company %}{{ a }}{% endfor %}",
    "{{ lipsum(n=100000) }}",
    "{{ range(99999) }}", "{% set a = 1 %}", "{% macro m() %}{% endmacro %}", "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% extends 'x' %}", "{{ self }}", "{{ cycler }}", "{{ company|format(1) }}", "{{ company|center(999999999) }}",
    "{{ company|replace('', company) }}", "{{ company[0] }}", "{{ company ~ company }}", "{{ [company] }}",
    "{{ {'a': 1} }}",
    "{{ company|default(company) }}", "{{ -1 }}", "{{ company|upper|lower|upper|lower }}", "{{ company", "{% if %}",
    "{% call company() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with a=1 %}{% endwith %}",
    "{{ other }}", "{{ company|safe }}", "(" * 50_000,
    "{{ " + "not " * 5_000 + "company }}", "{{ company is defined }}",
]  # fmt: skip


@pytest.mark.parametrize("source", ATTACKS, ids=lambda source: source[:40])
def test_a_workspaces_template_has_no_loops_arithmetic_calls_or_attributes(source: str) -> None:
    started = time.process_time()
    with pytest.raises(Rejected) as caught:
        render_tenant(source, {"company": "Acme"})
    assert time.process_time() - started < 1
    assert caught.value.message


def test_a_workspaces_template_may_do_what_mail_needs() -> None:
    source = "Hi {{ name|trim|title }}"
    source += "{% if city == 'Lyon' and not blocked %} in {{ city|upper }}{% else %}!{% endif %} {{ tags|join(', ') }}"
    values = {"name": " jane ", "city": "Lyon", "blocked": 0, "tags": ["a", "b"]}
    assert render_tenant(source, values) == "Hi Jane in LYON a, b"


def test_known_template_injections_stay_text_or_are_refused(shared_dir: Path) -> None:
    folder = shared_dir / "data" / "security"
    files = sorted(folder.rglob("*ssti*/*")) if folder.exists() else []
    payloads = [
        line for file in files if file.is_file() for line in file.read_text(errors="replace").splitlines() if line
    ]
    if not payloads:
        pytest.skip("The list of template injections is not beside the checkout.")
    for payload in payloads:
        assert render_tenant("{{ company }}", {"company": payload}) == payload
        try:
            as_source = render_tenant(payload, {"company": "Acme"})
        except Rejected:
            continue
        assert "49" not in as_source or "49" in payload, payload


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20), st.booleans()), max_size=6))
def test_marks_come_out_where_the_values_stand(pieces: list[tuple[str, str, bool]]) -> None:
    rendered, wanted = "", []
    for index, (before, value, marked) in enumerate(pieces):
        clean = mark(value, ())
        rendered += mark(before, ()) + mark(value, [f"id{index}"] if marked else ())
        if marked and clean:
            wanted.append((clean, (f"id{index}",)))
    text, spans = unmark(rendered)
    assert [(text[span.start : span.end], span.ids) for span in spans] == wanted


def test_a_value_cannot_forge_a_mark() -> None:
    forged = mark("a", ["trusted"])
    text, spans = unmark(mark(f"x{forged}y", ["tainted"]))
    assert [span.ids for span in spans] == [("tainted",)]
    assert json.dumps(text).isascii()
