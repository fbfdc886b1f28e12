"""Dated evidence of intent, with quote and URL."""
