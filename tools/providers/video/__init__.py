"""Rooms for video calls that no calendar makes."""
