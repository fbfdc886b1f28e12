"""Why is nothing being sent? Every gate between a planned touch and a sent mail, asked set-based, with counts.

What the dispatcher would say to each mail is said here for all of them at once, by the same rules.
"""

from agents.why.report import why_not_sending
from agents.why.types import Gate, Level, Part, Pipeline, Report, Scope

__all__ = ["Gate", "Level", "Part", "Pipeline", "Report", "Scope", "why_not_sending"]
