"""Notices to a team, one file a service."""
