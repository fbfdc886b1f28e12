"""Times in people's own words → typed windows, or a question: docs/time-phrases.md."""

from tools.calendar.time_phrases.fitting import slots_for
from tools.calendar.time_phrases.reader import read_times
from tools.calendar.time_phrases.windows import Ambiguous, Conventions, Shape, Times, Why, Window

__all__ = ["Ambiguous", "Conventions", "Shape", "Times", "Why", "Window", "read_times", "slots_for"]
