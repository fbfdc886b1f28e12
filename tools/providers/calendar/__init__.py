"""Calendars of people outside, behind tools/ports/calendar.py: Google, Microsoft 365, and any CalDAV server."""
