"""Telling programs outside: notifications by HTTP, to addresses that customers name."""
