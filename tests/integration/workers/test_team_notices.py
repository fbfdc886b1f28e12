"""Notices to a team, on both databases: once each, together when many, tried again only when surely not taken.

What is faked: Slack, at the port. What is real: the store, the feed, the worker's part.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from agents.context import AgentContext
from core.clock import VirtualClock
from store import feed
from store.feed_kinds import ApprovalData, Kind, MessageData
from store.models import (
    Alert,
    Company,
    Contact,
    Message,
    Notice,
    NoticeChannel,
    NoticeChannelState,
    NoticeKind,
    NoticeState,
)
from store.queries import approvals, team_notices
from tests.support.crash.office import Office
from tools.ports import NoticeAnswer, NoticeOutcome, NoticeText
from workers.notices import RETRIES, TOO_OLD, Teller

TAKEN = NoticeAnswer(NoticeOutcome.TAKEN)
ALL = [NoticeKind.REPLY, NoticeKind.APPROVAL, NoticeKind.TROUBLE]


@dataclass
class Slack:
    """Answers what it was told to, and keeps what was said."""

    answers: list[NoticeAnswer | BaseException] = field(default_factory=list)
    heard: list[NoticeText] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def notify(self, text: NoticeText) -> NoticeAnswer:
        self.heard.append(text)
        given = self.answers.pop(0) if self.answers else TAKEN
        if isinstance(given, BaseException):
            raise given
        return given


@dataclass
class Team:
    context: AgentContext
    slack: Slack
    office: Office
    channel_id: UUID

    def run(self) -> int:
        return Teller(lambda _, notice_id: f"https://sales.example/n/{notice_id}").run(self.context)

    def notices(self) -> list[Notice]:
        with self.context.database.read(self.context.workspace_id) as session:
            return list(session.exec(select(Notice).order_by(col(Notice.created_at), col(Notice.key))))

    def channel(self) -> NoticeChannel:
        with self.context.database.read(self.context.workspace_id) as session:
            return session.get_one(NoticeChannel, (self.context.workspace_id, self.channel_id))

    def reply(self, number: int = 0, kind: str = "reply") -> UUID:
        context, message_id = self.context, self.context.ids.new()
        person = self.office.people[number]
        with context.database.write(context.workspace_id) as session:
            row = Message(
                workspace_id=context.workspace_id, id=message_id, direction="in", source_key=f"inbox:{message_id}",
                lead_id=person.lead_id, contact_id=person.contact_id, kind=kind, at=context.clock.now(),
                body_sealed=context.sealer.seal("Secret words of Pat", context=f"message|body|{message_id}"),
            )  # fmt: skip
            session.add(row)
            told = MessageData(category="interested", lead_id=person.lead_id)
            feed.publish(session, context.clock, [feed.Event(Kind.MESSAGE_RECEIVED, message_id, told)])
        return message_id

    def approval(self, number: int = 0) -> tuple[UUID, str]:
        draft_id, approval_id, digest = self.office.draft(number)
        with self.context.database.write(self.context.workspace_id) as session:
            told = ApprovalData(draft_id=draft_id, action="first_mail")
            feed.publish(session, self.context.clock, [feed.Event(Kind.APPROVAL_WAITING, approval_id, told)])
        return approval_id, digest

    def alert(self, level: str = "critical", text: str = "Mail of ann@sender.example is refused.") -> UUID:
        alert_id = self.context.ids.new()
        with self.context.database.write(self.context.workspace_id) as session:
            session.add(
                Alert(
                    workspace_id=self.context.workspace_id, id=alert_id, source_key=f"a:{alert_id}",
                    subject_kind="mailbox", subject_id=self.office.mailbox_id, level=level, text=text,
                    created_at=self.context.clock.now(),
                )
            )  # fmt: skip
        return alert_id


@pytest.fixture
def team(office: Office, clock: VirtualClock) -> Team:
    slack = Slack()

    def notifier(_service: Any, secret: str, _destination: str) -> Slack:
        slack.secrets.append(secret)
        return slack

    context = replace(office.context, tools=replace(office.context.tools, notifier=notifier))
    channel_id = context.ids.new()
    with context.database.write(context.workspace_id) as session:
        session.add(
            NoticeChannel(
                workspace_id=context.workspace_id, id=channel_id, name="#sales", service="slack_webhook",
                secret_sealed=context.sealer.seal("https://x", context=team_notices.sealed_under(channel_id)),
                kinds=[kind.value for kind in ALL], from_seq=feed.newest(session), alerts_from=clock.now(),
                created_by="user:ann", created_at=clock.now(),
            )
        )  # fmt: skip
    return Team(context, slack, office, channel_id)


def test_each_is_told_once_with_the_company_and_no_person(team: Team) -> None:
    team.reply(), team.approval(1), team.alert()
    for _ in range(3):
        team.run()
    said = {text.title: text.line for text in team.slack.heard}
    assert said == {
        "A reply came in.": "From Company 0.",
        "A first mail waits for approval.": "To somebody at Company 1.",
        "Something stands still until somebody looks.": said["Something stands still until somebody looks."],
    }
    assert "ann@sender.example" not in str(team.slack.heard)
    with team.context.database.read(team.context.workspace_id) as session:
        contact = session.get_one(Contact, (team.context.workspace_id, team.office.people[0].contact_id))
        name = team.context.sealer.open(contact.name_sealed or "", context=f"contact|name|{contact.id}")
    assert name not in str(team.slack.heard)
    assert "Secret" not in str(team.slack.heard)
    assert set(team.slack.secrets) == {"https://x"}


def test_a_channel_that_is_told_the_kind_alone_hears_no_company(team: Team) -> None:
    with team.context.database.write(team.context.workspace_id) as session:
        row = session.get_one(NoticeChannel, (team.context.workspace_id, team.channel_id))
        row.detail = "kind"
        session.add(row)
    team.reply(), team.approval(1), team.alert()
    team.run()
    assert [text.line for text in team.slack.heard] == ["", "", ""]


@pytest.mark.parametrize("kind", ALL)
def test_a_channel_hears_the_kinds_that_were_chosen(team: Team, kind: NoticeKind) -> None:
    with team.context.database.write(team.context.workspace_id) as session:
        row = session.get_one(NoticeChannel, (team.context.workspace_id, team.channel_id))
        row.kinds = [kind.value]
        session.add(row)
    team.reply(), team.approval(1), team.alert()
    team.run()
    assert [notice.kind for notice in team.notices()] == [kind]


def test_bounces_and_small_alerts_are_no_news(team: Team) -> None:
    team.reply(kind="bounce"), team.reply(kind="auto_reply"), team.alert("warning")
    team.run()
    assert team.slack.heard == []


def test_more_than_five_of_a_kind_are_told_together_at_the_end_of_the_window(team: Team, clock: VirtualClock) -> None:
    for _ in range(4):
        team.reply()
    team.run()
    for _ in range(6):
        team.reply()
    team.alert()
    team.run()
    team.reply()
    team.run()
    assert len(team.slack.heard) == 6, "five replies, and the alert on its own"
    clock.advance(team_notices.WINDOW)
    team.run()
    assert team.slack.heard[-1].title == "6 more replies came in."
    team.run()
    assert len(team.slack.heard) == 7


def test_what_was_surely_not_taken_is_tried_again_and_the_channel_is_left_alone_meanwhile(
    team: Team, clock: VirtualClock
) -> None:
    team.slack.answers = [NoticeAnswer(NoticeOutcome.DEFERRED, "busy", 90.0)]
    team.reply()
    team.run()
    team.reply(1)
    clock.advance(timedelta(seconds=60))
    team.run()
    assert len(team.slack.heard) == 1, "it asked for ninety seconds"
    clock.advance(timedelta(seconds=31))
    team.run()
    assert [notice.state for notice in team.notices()] == [NoticeState.DELIVERED] * 2


def test_tries_end(team: Team, clock: VirtualClock) -> None:
    team.slack.answers = [NoticeAnswer(NoticeOutcome.DEFERRED, "down")] * 20
    team.reply()
    for _ in range(20):
        team.run()
        clock.advance(RETRIES[-1])
    (notice,) = team.notices()
    assert notice.state in (NoticeState.FAILED, NoticeState.CANCELLED)
    assert len(team.slack.heard) <= len(RETRIES) + 1


def test_what_may_have_been_taken_is_never_said_twice(team: Team, clock: VirtualClock) -> None:
    team.slack.answers = [NoticeAnswer(NoticeOutcome.UNKNOWN, "lost")]
    team.reply()
    for _ in range(5):
        team.run()
        clock.advance(timedelta(hours=1))
    assert (len(team.slack.heard), team.notices()[0].state) == (1, NoticeState.UNKNOWN)


def test_a_worker_that_dies_while_saying_leaves_it_unknown(team: Team, clock: VirtualClock) -> None:
    team.slack.answers = [KeyboardInterrupt()]
    team.reply()
    with pytest.raises(KeyboardInterrupt):
        team.run()
    clock.advance(timedelta(minutes=10))
    team.run()
    assert (len(team.slack.heard), team.notices()[0].state) == (1, NoticeState.UNKNOWN)


def test_a_closed_channel_stops_with_one_alert(team: Team) -> None:
    team.slack.answers = [NoticeAnswer(NoticeOutcome.CLOSED, "It answered 404.")]
    team.reply(), team.reply(1)
    team.run(), team.run()
    assert len(team.slack.heard) == 1
    assert (team.channel().state, team.channel().state_reason) == (NoticeChannelState.DISABLED, "It answered 404.")
    with team.context.database.read(team.context.workspace_id) as session:
        assert [alert.level for alert in session.exec(select(Alert))] == ["warning"]


def test_what_was_overtaken_or_is_old_is_not_told(team: Team, clock: VirtualClock) -> None:
    team.slack.answers = [NoticeAnswer(NoticeOutcome.DEFERRED, "busy")] * 2
    approval_id, digest = team.approval()
    team.run()
    with team.context.database.write(team.context.workspace_id) as session:
        approvals.decide(
            session, clock, team.context.ids, approval_id, expected_hash=digest,
            action=approvals.Action.REJECT, by="user:ann", reason="no",
        )  # fmt: skip
    clock.advance(timedelta(minutes=1))
    team.run()
    team.reply(1)
    team.run()
    clock.advance(TOO_OLD + timedelta(minutes=1))
    team.run()
    assert [notice.state for notice in team.notices()] == [NoticeState.CANCELLED] * 2
    assert len(team.slack.heard) == 2, "each was tried once, in vain"


def test_another_workspace_hears_nothing(team: Team) -> None:
    team.reply()
    other = replace(team.context, workspace_id=team.context.ids.new())
    assert Teller(lambda *_: "x").run(other) == 0
    assert team.slack.heard == []


def test_a_name_with_markup_is_passed_on_as_it_is(team: Team) -> None:
    with team.context.database.write(team.context.workspace_id) as session:
        lead = team.office.people[0].contact_id
        company_id = session.get_one(Contact, (team.context.workspace_id, lead)).company_id
        company = session.get_one(Company, (team.context.workspace_id, company_id))
        company.name = "<!channel> [x](https://evil.example)"
        session.add(company)
    team.reply()
    team.run()
    assert team.slack.heard[0].line == "From <!channel> [x](https://evil.example)."
    assert "evil" not in team.slack.heard[0].link
