"""Texts and calls, one file a vendor."""
