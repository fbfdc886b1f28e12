"""The market: the same for a seed, truthful behind its ports only through noise, and a fair judge of scores."""

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import VirtualClock
from tools.ports import CompanyRecord, Envelope, LookupResult, PersonRecord, SendOutcome, Unknown
from world.chance import Chance
from world.measure import measure
from world.world import World

START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def market(seed: int = 7) -> tuple[World, VirtualClock]:
    clock = VirtualClock(START)
    return World(seed, clock, prospects=60, customers=6), clock


def mail(world: World, recipient: str, number: int = 1, body: str = "Hello") -> Envelope:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Mara Vidal <mara@us.example>", recipient, "Hiring"
    message["Message-ID"] = f"<m{number}@us.example>"
    message["List-Unsubscribe"] = "<https://us.example/u/token>"
    message.set_content(body)
    return Envelope(f"<m{number}@us.example>", "mara@us.example", recipient, message.as_bytes())


def test_the_same_seed_is_the_same_market_and_another_is_not() -> None:
    assert market(7)[0].prospects == market(7)[0].prospects
    assert market(7)[0].prospects != market(8)[0].prospects


@given(st.integers(), st.lists(st.text(max_size=5), min_size=2, max_size=6, unique=True))
def test_draws_do_not_depend_on_their_order(seed: int, names: list[str]) -> None:
    forward, backward = Chance(seed), Chance(seed)
    there = {name: forward.rng(name).random() for name in names}
    back = {name: backward.rng(name).random() for name in reversed(names)}
    assert there == back


def test_no_mail_of_the_market_could_ever_leave() -> None:
    world, _ = market()
    assert all(company.domain.endswith(".example") for company in world.prospects)
    assert all(p.email.endswith(f"@{c.domain}") for c in world.prospects for p in c.people)


def test_ports_tell_nothing_of_the_hidden_truth() -> None:
    hidden = {"suits", "need", "propensity", "decides", "responsiveness", "style", "shows_up", "mailbox_exists"}
    for record in (CompanyRecord, PersonRecord):
        assert not hidden & {field.name for field in fields(record)}


def test_a_source_has_gaps_a_price_and_an_end() -> None:
    world, _ = market()
    cursor, seen = None, []
    while True:
        page = world.company_source.page(cursor, 25)
        assert not isinstance(page, Unknown)
        seen += page.records
        if (cursor := page.cursor) is None:
            break
    assert len(seen) == 60
    assert any(record.employees is None for record in seen)
    assert all(0 < record.cost_micros <= world.company_source.price_micros for record in seen)


def test_a_signal_is_not_known_before_it_happens() -> None:
    world, clock = market()
    before = world.company_source.page(None, 60)
    clock.advance(timedelta(days=61))
    after = world.company_source.page(None, 60)
    assert not isinstance(before, Unknown)
    assert not isinstance(after, Unknown)
    assert sum(len(r.signals) for r in before.records) < sum(len(r.signals) for r in after.records)
    assert all(s.observed_at <= START for r in before.records for s in r.signals)


def test_the_post_office_takes_a_message_id_once() -> None:
    world, _ = market()
    address = world.prospects[0].people[0].email
    assert world.post_office.send(mail(world, address)).outcome is SendOutcome.SENT
    assert world.post_office.send(mail(world, address)).outcome is SendOutcome.SENT
    assert len(world.post_office.sent) == 1
    assert world.post_office.lookup("<m1@us.example>") is LookupResult.FOUND
    assert world.post_office.lookup("<m2@us.example>") is LookupResult.NOT_FOUND


def test_a_dead_mailbox_bounces_and_an_unknown_one_is_refused() -> None:
    world, clock = market()
    assert world.post_office.send(mail(world, "nobody@nowhere.example")).outcome is SendOutcome.REJECTED
    dead = next(p for c in world.prospects for p in c.people if not p.mailbox_exists)
    world.post_office.send(mail(world, dead.email, 2))
    clock.advance(timedelta(hours=1))
    (bounce,) = world.post_office.fetch(None, 10)  # type: ignore[misc]
    assert b"Action: failed" in bounce.raw
    assert b"Status: 5.1.1" in bounce.raw


def test_an_answer_comes_later_and_the_inbox_goes_on_after_its_uid() -> None:
    world, clock = market()
    for number, person in enumerate(p for c in world.prospects for p in c.people):
        world.post_office.send(mail(world, person.email, number))
    at_once = world.post_office.fetch(None, 1_000)
    clock.advance(timedelta(days=3))
    later = world.post_office.fetch(None, 1_000)
    assert not isinstance(at_once, Unknown)
    assert not isinstance(later, Unknown)
    assert len(later) > len(at_once)
    rest = world.post_office.fetch(later[0].uid, 1_000)
    assert [m.raw for m in rest] == [m.raw for m in later[1:]]  # type: ignore[union-attr]


def test_help_in_time_turns_only_those_who_can_be_turned() -> None:
    world, _ = market()
    customers = world.customers
    declining = [d for d in customers.domains() if customers.truth(d).declines_on]
    for domain in declining:
        customers.help(domain, customers.truth(domain).declines_on + timedelta(days=7))  # type: ignore[operator]
    gone = set()
    for days in range(200):
        gone |= set(customers.leaving(date(2026, 1, 5) + timedelta(days=days)))
    assert gone == {d for d in declining if not customers.truth(d).persuadable}


def test_measuring_knows_a_perfect_a_useless_and_an_inverted_score() -> None:
    perfect = [(0.9, True), (0.8, True), (0.2, False), (0.1, False)]
    assert measure(perfect, 2).auc == 1.0
    assert measure([(1 - v, t) for v, t in perfect], 2).auc == 0.0
    assert measure([(0.5, t) for _, t in perfect], 2).auc == 0.5
    assert measure(perfect, 2).precision_at_capacity == 1.0
    assert measure([], 5).auc is None
    assert measure([(0.3, True)], 5).auc is None


@pytest.mark.parametrize("size", [0, 1, 30])
def test_markets_of_any_size(size: int) -> None:
    assert len(World(1, VirtualClock(START), prospects=size, customers=0).prospects) == size
