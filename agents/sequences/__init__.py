"""Sequences at work: their versions, who enters, who writes, what is skipped, how much is too much, who is moved."""
