"""The suites, a flat list: adding one is a file here, a case file, and a line."""

from evals.suite import Suite
from evals.suites.discovery import DiscoverySuite
from evals.suites.drafts import DraftsSuite
from evals.suites.gate import GateSuite
from evals.suites.hits import HitsSuite
from evals.suites.replies import RepliesSuite, ReplyThreadsSuite
from evals.suites.routing import RoutingSuite
from evals.suites.tiers import TiersSuite
from evals.suites.time_phrases import TimePhrasesSuite
from evals.suites.titles import TitlesSuite

SUITES: tuple[Suite, ...] = (
    DraftsSuite(),
    GateSuite(),
    RepliesSuite(),
    ReplyThreadsSuite(),
    HitsSuite(),
    RoutingSuite(),
    TitlesSuite(),
    TiersSuite(),
    TimePhrasesSuite(),
    DiscoverySuite(),
)
