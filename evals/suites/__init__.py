"""The suites, a flat list: adding one is a file here, a case file, and a line."""

from evals.suite import Suite
from evals.suites.drafts import DraftsSuite
from evals.suites.routing import RoutingSuite
from evals.suites.tiers import TiersSuite
from evals.suites.titles import TitlesSuite

SUITES: tuple[Suite, ...] = (DraftsSuite(), RoutingSuite(), TitlesSuite(), TiersSuite())
