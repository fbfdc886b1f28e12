"""Booking a time of a person's calendar, and following what becomes of it. Whatever races, a quarter of an hour has one
owner; what a calendar outside says is asked freshly, and what it does not say counts as taken."""
