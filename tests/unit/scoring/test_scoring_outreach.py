from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.engagement import (
    ENGAGEMENT_HALF_LIFE_DAYS,
    Action,
    ActorClass,
    EngagementEvent,
    EngagementKind,
    next_best_action,
    score_engagement,
)
from scoring.hooks import DatedFact, choose_hooks
from scoring.sequence import Channel, Reach, add_business_days, choose_channels, choose_sequence, send_window
from scoring.types import Signal, points_of

AS_OF = datetime(2026, 6, 1, 9, tzinfo=UTC)
K, A = EngagementKind, ActorClass


@pytest.mark.parametrize(
    ("tier", "count", "channels"),
    [
        (1, 7, {Channel.MAIL, Channel.LINKEDIN, Channel.PHONE}),
        (2, 5, {Channel.MAIL, Channel.LINKEDIN}),
        (3, 3, {Channel.MAIL}),
        (4, 0, set()),
        (None, 0, set()),
    ],
)
def test_sequences_by_tier(tier: int | None, count: int, channels: set[Channel]) -> None:
    touches = choose_sequence(tier).touches
    assert len(touches) == count
    assert {t.channel for t in touches} == channels
    days = [t.day for t in touches]
    assert days == sorted(set(days))
    assert [t.step for t in touches] == list(range(1, count + 1))


def test_business_days_skip_weekends_and_holidays() -> None:
    friday = date(2026, 5, 29)
    assert add_business_days(friday, 1) == date(2026, 6, 1)
    assert add_business_days(friday, 1, frozenset({date(2026, 6, 1)})) == date(2026, 6, 2)
    assert add_business_days(date(2026, 5, 30), 0) == date(2026, 6, 1)


def test_the_window_opens_at_eight_on_the_recipients_clock_on_both_sides_of_the_clock_change() -> None:
    # Berlin leaves winter time on Sunday 29 March 2026.
    before = send_window(datetime(2026, 3, 26, 20, tzinfo=UTC), "Europe/Berlin")
    after = send_window(datetime(2026, 3, 28, 12, tzinfo=UTC), "Europe/Berlin")
    assert before == datetime(2026, 3, 27, 7, tzinfo=UTC)
    assert after == datetime(2026, 3, 30, 6, tzinfo=UTC)


def test_six_in_the_evening_is_closed_and_a_minute_before_is_open() -> None:
    zone = ZoneInfo("America/New_York")
    last = datetime(2026, 6, 1, 17, 59, tzinfo=zone)
    assert send_window(last, "America/New_York") == last
    assert send_window(last + timedelta(minutes=1), "America/New_York") == datetime(2026, 6, 2, 8, tzinfo=zone)


def test_unknown_zone_waits_until_all_zones_of_the_country_are_open() -> None:
    zones = ("America/New_York", "America/Los_Angeles")
    found = send_window(datetime(2026, 6, 1, 13, tzinfo=UTC), None, country_zones=zones)
    assert found == datetime(2026, 6, 1, 15, tzinfo=UTC)  # eight in Los Angeles


def test_a_country_too_wide_falls_back_to_the_workspaces_zone() -> None:
    zones = ("Europe/Kaliningrad", "Asia/Kamchatka")
    at = datetime(2026, 6, 1, 3, tzinfo=UTC)
    found = send_window(at, None, country_zones=zones, workspace_zone="Europe/Berlin")
    assert found == datetime(2026, 6, 1, 6, tzinfo=UTC)
    assert send_window(at, None) == datetime(2026, 6, 1, 8, tzinfo=UTC)


@given(
    st.integers(-700_000, 800_000).map(lambda minutes: AS_OF + timedelta(minutes=minutes)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]),
    st.frozensets(st.dates(date(2025, 1, 1), date(2027, 12, 31)), max_size=20),
)
def test_the_window_is_never_early_always_open_and_stays(at: datetime, zone: str, off: frozenset[date]) -> None:
    found = send_window(at, zone, off)
    local = found.astimezone(ZoneInfo(zone))
    assert found >= at
    assert local.weekday() < 5
    assert local.date() not in off
    assert 8 <= local.hour < 18
    assert send_window(found, zone, off) == found


events = st.builds(
    EngagementEvent,
    kind=st.sampled_from(EngagementKind),
    actor=st.sampled_from(ActorClass),
    at=st.integers(-5, 90).map(lambda days: AS_OF - timedelta(days=days)),
    event_id=st.just("e"),
)


@given(st.lists(events, max_size=8))
def test_only_humans_count_and_the_rest_is_listed(held: list[EngagementEvent]) -> None:
    everything, humans = score_engagement(held, AS_OF), [e for e in held if e.actor is A.HUMAN]
    assert everything.value == score_engagement(humans, AS_OF).value
    if len(humans) < len(held):
        assert "not_counted" in {r.code for r in everything.reasons}
    if everything.value is not None:
        assert 0.0 <= everything.value <= 1.0
        assert points_of(everything.reasons) == pytest.approx(everything.value, abs=1e-9)


def test_opens_never_count_and_clicks_fade_by_half() -> None:
    assert score_engagement([EngagementEvent(K.OPEN, A.HUMAN, AS_OF)], AS_OF).value is None
    fresh = score_engagement([EngagementEvent(K.CLICK, A.HUMAN, AS_OF)], AS_OF).value
    old = AS_OF - timedelta(days=ENGAGEMENT_HALF_LIFE_DAYS)
    assert fresh is not None
    assert score_engagement([EngagementEvent(K.CLICK, A.HUMAN, old)], AS_OF).value == pytest.approx(fresh / 2)


@pytest.mark.parametrize(
    ("kinds", "action"),
    [
        ([K.REPLY_POSITIVE], Action.PROPOSE_SLOTS),
        ([K.REPLY_POSITIVE, K.BOOKING], Action.PREPARE_MEETING),
        ([K.BOOKING, K.REPLY_NEGATIVE], Action.STOP),
        ([K.UNSUBSCRIBE, K.REPLY_POSITIVE], Action.STOP),
        ([K.MEETING_MISSED], Action.REBOOK),
        ([K.BOUNCE], Action.FIX_ADDRESS),
        ([K.CLICK, K.CLICK], Action.FOLLOW_UP),
        ([], Action.WAIT),
    ],
)
def test_next_best_action_follows_the_latest_word(kinds: list[K], action: Action) -> None:
    held = [EngagementEvent(k, A.HUMAN, AS_OF - timedelta(hours=9 - n)) for n, k in enumerate(kinds)]
    assert next_best_action(held, AS_OF).action is action


def test_a_machine_never_triggers_an_action() -> None:
    held = [EngagementEvent(kind, A.MACHINE, AS_OF) for kind in (K.CLICK, K.OPEN, K.REPLY_POSITIVE, K.BOOKING)]
    assert next_best_action(held, AS_OF).action is Action.WAIT


def test_the_freshest_particular_fact_is_the_hook_and_its_fact_stands_behind_it() -> None:
    held = [
        Signal("funding", AS_OF - timedelta(days=10), 1.0, "s1", "Raised 12 million euros from three European funds"),
        Signal("hiring", AS_OF - timedelta(days=100), 1.0, "s2", "Hiring"),
        Signal("pricing_page_visit", AS_OF, 1.0, "s3", "Visited pricing 5 times today from the office"),
        Signal("expansion", AS_OF, 1.0, "", "Opened a new site with 300 people in Lyon today"),
        Signal("news", AS_OF + timedelta(days=1), 1.0, "s5", "Tomorrow's news with 99 words about the new plant"),
    ]
    (hook,) = choose_hooks(held, [], AS_OF)
    assert hook.fact_ids == ("s1",)  # tracking is private, no fact id is no evidence, the future is unknown
    assert points_of(hook.reasons) == pytest.approx(hook.value)


def test_one_hook_a_kind_and_none_when_all_is_stale() -> None:
    facts = [DatedFact("award", f"Won prize number {n} for its new software", AS_OF, f"f{n}") for n in range(3)]
    assert len(choose_hooks([], facts, AS_OF, n=3)) == 1
    old = [DatedFact("award", "Won prize number 1", AS_OF - timedelta(days=181), "f")]
    assert choose_hooks([], old, AS_OF) == ()


def test_what_speaks_of_a_need_is_the_hook_before_what_is_only_news() -> None:
    words = "Opened an office for 40 people in Lyon last Monday"
    held = [Signal("news", AS_OF, 1.0, "n", words), Signal("expansion", AS_OF, 1.0, "e", words)]
    hooks = choose_hooks(held, [DatedFact("tagline", words, AS_OF, "t")], AS_OF, n=3)
    assert [hook.fact_ids for hook in hooks] == [("e",), ("n",), ("t",)]
    assert all(points_of(hook.reasons) == pytest.approx(hook.value) for hook in hooks)
    assert [hook.reasons[-1].text for hook in hooks] == [
        "It speaks of a need.", "It says little of a need.", "It is a fact, and no sign of a need."
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tier", "reach", "channels"),
    [
        (1, Reach("valid", True, True), "mail linkedin phone mail linkedin phone mail"),
        (1, Reach("valid", False, True), "mail linkedin linkedin mail linkedin linkedin mail"),
        (1, Reach(None, True, False), "phone phone phone phone phone phone phone"),
        (2, Reach("valid", True, False), "mail - mail - mail"),
        (3, Reach("invalid", True, True), "- - -"),
        (
            2,
            Reach("valid", False, True, "German law asks for consent."),
            "linkedin linkedin linkedin linkedin linkedin",
        ),
        (4, Reach("valid", True, True), ""),
    ],
)
def test_channels_are_what_is_known_and_allowed_within_the_tiers_own(tier: int, reach: Reach, channels: str) -> None:
    chosen = choose_channels(choose_sequence(tier), reach)
    assert " ".join(one.channel.value if one.channel else "-" for one in chosen) == channels
    assert all(one.reason for one in chosen)
    if reach.mail_barred:
        assert chosen[0].reason == "German law asks for consent: linkedin instead."


def test_an_address_that_nobody_verified_is_said_to_be_so() -> None:
    (first, *_) = choose_channels(choose_sequence(3), Reach("unknown", False, False))
    assert first.channel is Channel.MAIL
    assert "is unknown: it is verified before" in first.reason
