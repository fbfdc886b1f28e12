"""Transcripts of meetings, as files of video services and note takers → who said what, and when."""

from tools.transcripts.reading import MOST_BYTES, MOST_TURNS, Format, Transcript, read_transcript
from tools.transcripts.turns import Mark, Turn

__all__ = ["MOST_BYTES", "MOST_TURNS", "Format", "Mark", "Transcript", "Turn", "read_transcript"]
