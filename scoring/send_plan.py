"""When each waiting mail leaves, as things stand: caps, warm-up, closed days, approvals. A projection, day by day.

Within a day the order is of readiness; the hour is left to the dispatcher. A mail that leaves late takes the later ones
of its sequence with it, so that their gaps stay.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import heapify, heappop, heappush

HORIZON_DAYS = 730  # what has not left within two years will not: the plan says so instead of a date
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """`key` and `mailbox` are the caller's. `sequence` and `step`: steps of one sequence leave in their order."""

    key: int
    mailbox: int
    sequence: int
    step: int
    ready: date  # the first day on which it is due and its recipient may be written to
    place: str  # recipients of one place have the same open days
    needs_approval: bool = False


@dataclass(frozen=True, slots=True)
class Capacity:
    """A mailbox's mails a day. `ramp_start` None: no warm-up. `last_day`: what it sent on its last sending day."""

    daily_cap: int
    sent_today: int = 0
    ramp_start: int | None = None
    last_day: int = 0

    def __post_init__(self) -> None:
        if self.daily_cap < 1:
            raise ValueError(f"A mailbox that may send nothing is paused, not planned; got a cap of {self.daily_cap}.")


@dataclass(frozen=True, slots=True)
class Projection:
    leaves: Mapping[int, date]  # by the mail's key; what is not named leaves after the horizon
    by_day: Mapping[date, int]

    @property
    def finish(self) -> date | None:
        return max(self.by_day, default=None)


def project(
    mails: Iterable[WaitingMail],
    mailboxes: Mapping[int, Capacity],
    opens: Callable[[str, date], bool],
    today: date,
    *,
    approvals_a_day: int | None = None,
) -> Projection:
    """The day on which each mail leaves. `opens`: may people of this place be written to on this day?
    `approvals_a_day`: how many drafts people decide on a weekday; None: all of them, on the day they are made.

    Raises KeyError for a mail of a mailbox that is not given.
    """
    simulation = _Simulation(mailboxes, opens, today, approvals_a_day)
    chains: dict[int, list[WaitingMail]] = defaultdict(list)
    for mail in mails:
        chains[mail.sequence].append(mail)
    for chain in chains.values():
        chain.sort(key=lambda mail: mail.step, reverse=True)
        simulation.arrives(chain[-1], chain[-1].ready)
    simulation.chains = chains
    day = today
    while simulation.waiting and (day - today).days <= HORIZON_DAYS:
        simulation.run(day)
        day += timedelta(days=1)
    return Projection(simulation.leaves, simulation.by_day)


def mailboxes_needed(
    mails: Sequence[WaitingMail], daily_cap: int, opens: Callable[[str, date], bool], today: date, by: date
) -> int | None:
    """How many warm mailboxes of this cap it takes for all mails to leave by that day, if approvals keep up. None: no
    number does, because a sequence is longer than that or its people are not to be written to before."""

    def done(count: int) -> bool:
        pooled = [
            WaitingMail(m.key, 0, m.sequence, m.step, m.ready, m.place)  # approvals keep up: see above
            for m in mails
        ]
        found = project(pooled, {0: Capacity(daily_cap * count)}, opens, today)
        return len(found.leaves) == len(pooled) and (found.finish is None or found.finish <= by)

    most = -(-len(mails) // daily_cap) or 1
    if not done(most):
        return None
    # From the bound on: nearly always it is the answer, and each try is a whole projection.
    count = min(most, max(1, -(-_demand(mails, opens, by) // daily_cap)))
    while not done(count):
        count += 1
    return count


def _demand(mails: Sequence[WaitingMail], opens: Callable[[str, date], bool], by: date) -> int:
    """How many mails a day it takes at least: of all spans of days, the one into which the most of them must fit.

    A step must leave early enough for those behind it to follow in their gaps.
    """
    place = Counter(mail.place for mail in mails).most_common(1)[0][0]
    last: dict[int, date] = {}
    for mail in mails:
        last[mail.sequence] = max(last.get(mail.sequence, mail.ready), mail.ready)
    spans = Counter((mail.ready, by - (last[mail.sequence] - mail.ready)) for mail in mails)
    most = 1
    for start in {ready for ready, _ in spans}:
        for end in {latest for _, latest in spans if latest >= start}:
            inside = sum(count for (ready, latest), count in spans.items() if ready >= start and latest <= end)
            days = sum(opens(place, start + timedelta(days=n)) for n in range((end - start).days + 1))
            most = max(most, -(-inside // max(1, days)))
    return most


_Queue = list[tuple[date, int, WaitingMail]]  # a heap: the longest ready first


class _Simulation:
    def __init__(
        self,
        mailboxes: Mapping[int, Capacity],
        opens: Callable[[str, date], bool],
        today: date,
        approvals_a_day: int | None,
    ) -> None:
        self.leaves: dict[int, date] = {}
        self.by_day: dict[date, int] = defaultdict(int)
        self.chains: dict[int, list[WaitingMail]] = {}
        self.waiting = 0
        self._mailboxes = mailboxes
        self._opens = opens
        self._today = today
        self._approvals = approvals_a_day
        self._arrivals: dict[date, list[WaitingMail]] = defaultdict(list)
        self._undecided: _Queue = []
        # By mailbox and place: a closed day then costs a look at each place, not at each mail.
        self._queues: dict[int, dict[str, _Queue]] = defaultdict(lambda: defaultdict(list))
        self._last_day = {key: mailbox.last_day for key, mailbox in mailboxes.items()}

    def arrives(self, mail: WaitingMail, day: date) -> None:
        self.waiting += 1
        self._arrivals[max(day, self._today)].append(mail)

    def run(self, day: date) -> None:
        for mail in self._arrivals.pop(day, ()):
            if mail.needs_approval and self._approvals is not None:
                heappush(self._undecided, (mail.ready, mail.key, mail))
            else:
                self._decided(mail)
        if self._approvals is not None and day.weekday() < _SATURDAY:
            for _ in range(min(self._approvals, len(self._undecided))):
                self._decided(heappop(self._undecided)[2])
        for mailbox in sorted(self._queues):
            self._send(mailbox, day)

    def _decided(self, mail: WaitingMail) -> None:
        heappush(self._queues[mail.mailbox][mail.place], (mail.ready, mail.key, mail))

    def _send(self, key: int, day: date) -> None:
        left = self._limit(key, day)
        queues = self._queues[key]
        heads = [(*queue[0][:2], place) for place, queue in queues.items() if queue and self._opens(place, day)]
        heapify(heads)
        sent = 0
        while heads and sent < left:
            _, _, place = heappop(heads)
            queue = queues[place]
            self._leave(heappop(queue)[2], day)
            sent += 1
            if queue:
                heappush(heads, (*queue[0][:2], place))
        if sent:
            already = self._mailboxes[key].sent_today if day == self._today else 0
            self._last_day[key] = sent + already

    def _limit(self, key: int, day: date) -> int:
        mailbox = self._mailboxes[key]
        warm = mailbox.daily_cap
        if mailbox.ramp_start is not None:
            warm = min(warm, max(mailbox.ramp_start, 2 * self._last_day[key]))
        return max(0, warm - (mailbox.sent_today if day == self._today else 0))

    def _leave(self, mail: WaitingMail, day: date) -> None:
        self.waiting -= 1
        self.leaves[mail.key] = day
        self.by_day[day] += 1
        chain = self.chains[mail.sequence]
        chain.pop()
        if chain:
            late = max(timedelta(), day - mail.ready)
            # At the earliest the day after: two steps of a sequence never leave on one day.
            self.arrives(chain[-1], max(chain[-1].ready + late, day + timedelta(days=1)))
