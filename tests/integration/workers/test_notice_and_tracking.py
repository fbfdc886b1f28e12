"""What the bytes that leave say of law and tracking, and what is written down of it."""

import quopri
from datetime import timedelta

import pytest
from sqlmodel import select

from agents import hits
from agents.hits import Asked
from agents.policy import Policy, set_policy
from scoring.hit_rules import HitKind
from store.models import Contact, Draft, EngagementEvent, Hit, NoticeGiven, OutboxItem
from store.queries import legal_bases
from store.queries.legal_bases import NewBasis
from tests.support.crash.office import Office, unsubscribe
from tools.mail.tracking import TRAP, HitTokens, tracked_links
from workers.dispatcher import Dispatcher

TOKENS = HitTokens([b"only for tests of links, and long enough"])
BASE = "https://sales.example"
PAGE = "https://product.example/invoices"
_HEADERS = {"accept-language": "en", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36"
)


def _dispatch(office: Office) -> None:
    def track(workspace_id, draft_id, links, clicks, opens):  # type: ignore[no-untyped-def]
        return tracked_links(BASE, TOKENS, workspace_id, draft_id, links, clicks=clicks, opens=opens)

    Dispatcher(unsubscribe, "test", keep_leases=False, track=track).run(office.context)


def _change(office: Office, **values: object) -> None:
    with office.context.database.write(office.context.workspace_id) as session:
        contact = session.get(Contact, (office.context.workspace_id, office.people[0].contact_id))
        assert contact is not None
        for name, value in values.items():
            setattr(contact, name, value)
        session.add(contact)


def _bytes(post) -> str:  # type: ignore[no-untyped-def]
    return quopri.decodestring(post.envelopes[-1].mime).decode("utf-8")


def _consent(office: Office, basis: str = "consent", **values: object) -> None:
    context = office.context
    new = NewBasis(office.people[0].contact_id, basis, "form 12", context.clock.now(), "user:ann", **values)  # type: ignore[arg-type]
    with context.database.write(context.workspace_id) as session:
        legal_bases.record(session, context.clock, context.sealer, [new])


def _rows(office: Office, model):  # type: ignore[no-untyped-def]
    with office.context.database.read(office.context.workspace_id) as session:
        return list(session.exec(select(model)))


@pytest.mark.parametrize("country", ["FR", "DE", "GB"])
def test_the_first_mail_to_europe_says_source_purpose_and_rights(office: Office, post, country: str) -> None:  # type: ignore[no-untyped-def]
    _change(office, country=country, time_zone="America/New_York")
    _consent(office)
    sent = office.approved()
    _dispatch(office)
    text = _bytes(post).replace("=\r\n", "")
    for words in ("We hold your name", "because you agreed to it", "object at any time", "corrected or deleted"):
        assert text.count(words) == 2, words  # in both parts
    [told] = _rows(office, NoticeGiven)
    assert (told.contact_id, told.outbox_item_id, told.given_at) == (
        office.people[0].contact_id, sent, office.context.clock.now(),
    )  # fmt: skip


def test_elsewhere_no_notice_is_asked_for_and_none_is_written_down(office: Office, post) -> None:  # type: ignore[no-untyped-def]
    office.approved()
    _dispatch(office)
    assert "We hold your name" not in _bytes(post)
    assert _rows(office, NoticeGiven) == []


def test_a_consent_that_runs_out_while_a_mail_is_queued_stops_it_and_says_so(office: Office, post) -> None:  # type: ignore[no-untyped-def]
    _change(office, country="CA", time_zone="America/New_York")
    now = office.context.clock.now()
    _consent(office, "implied_consent", ground="inquiry", expires_at=now + timedelta(hours=1))
    sent = office.approved()
    office.context.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
    _dispatch(office)
    assert post.envelopes == []
    reason = office.get(OutboxItem, sent).state_reason
    assert "ca_casl" in reason
    assert f"The implied consent of {now:%Y-%m-%d} ended on {now:%Y-%m-%d}." in reason


def test_a_withdrawn_consent_stops_a_queued_mail(office: Office, post) -> None:  # type: ignore[no-untyped-def]
    _change(office, country="DE", time_zone="America/New_York")
    _consent(office)
    sent = office.approved()
    context = office.context
    with context.database.write(context.workspace_id) as session:
        assert legal_bases.withdraw(session, context.clock, office.people[0].contact_id, by="user:ann") == 1
    _dispatch(office)
    assert post.envelopes == []
    assert "was withdrawn on" in office.get(OutboxItem, sent).state_reason


def _with_links(office: Office, *, country: str, clicks: bool) -> tuple[Draft, str]:
    context = office.context
    _change(office, country=country, time_zone="America/New_York")
    with context.database.write(context.workspace_id) as session:
        set_policy(session, context.clock, context.ids, Policy(track_clicks=clicks, track_opens=clicks), by="user:ann")
    draft_id, _, _ = office.draft()
    with context.database.write(context.workspace_id) as session:
        draft = session.get(Draft, (context.workspace_id, draft_id))
        assert draft is not None
        draft.links = [PAGE]
        session.add(draft)
    return draft, TOKENS.make(context.workspace_id, draft_id, 0)


def _hit(office: Office, draft: Draft, link: int = 0, **values: object) -> str | None:
    asked = {"kind": HitKind.CLICK, "link": link, "method": "GET", "address": "84.10.20.30", "agent": _AGENT,
             "headers": _HEADERS, **values}  # fmt: skip
    return hits.note(office.context, draft.id, Asked(**asked))  # type: ignore[arg-type]


def test_a_click_leads_where_the_draft_says_and_only_people_count(office: Office) -> None:
    draft, _ = _with_links(office, country="US", clicks=True)
    context, clock = office.context, office.context.clock
    with context.database.write(context.workspace_id) as session:
        session.add(
            OutboxItem(
                workspace_id=context.workspace_id,
                id=context.ids.new(),
                key=f"mail:{draft.id}",
                kind="mail",
                subject_kind="lead",
                subject_id=office.people[0].lead_id,
                draft_id=draft.id,
                not_before=clock.now(),
                state="sent",
                sent_at=clock.now(),
                created_at=clock.now(),
            )
        )
    clock.advance(timedelta(minutes=30))  # type: ignore[attr-defined]
    assert _hit(office, draft) == PAGE
    assert _hit(office, draft, link=1) is None
    assert _hit(office, draft, method="HEAD", agent="curl/8") == PAGE
    [event] = [row for row in _rows(office, EngagementEvent) if row.actor == "human"]
    assert (event.kind, event.contact_id) == ("click", office.people[0].contact_id)
    assert {row.rule for row in _rows(office, Hit)} == {"browser", "not_get"}
    # The same program falls into the trap: what it did before was no person, and the engagement is taken back.
    assert _hit(office, draft, link=TRAP) == ""
    assert {row.actor for row in _rows(office, Hit)} == {"machine"}
    assert {row.actor for row in _rows(office, EngagementEvent) if row.kind == "click"} == {"machine"}
    assert hits.relabel(context) == 0


def test_other_rules_relabel_once_and_opens_are_never_people(office: Office, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    draft, _ = _with_links(office, country="US", clicks=True)
    assert _hit(office, draft, link=TRAP, kind=HitKind.OPEN) == ""
    [hit] = _rows(office, Hit)
    assert (hit.actor, hit.trap) == ("unknown", False)
    with office.context.database.write(office.context.workspace_id) as session:
        row = session.get(Hit, (office.context.workspace_id, hit.id))
        assert row is not None
        row.actor, row.rule, row.rules_version = "human", "an old rule", "hits-0"
        session.add(row)
    assert hits.relabel(office.context) == 1
    assert hits.relabel(office.context) == 0
    assert _rows(office, Hit)[0].actor == "unknown"
