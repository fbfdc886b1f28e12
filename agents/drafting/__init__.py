"""Drafting: what to say is planned by rules, how to say it may be a model's, whether it may be said is the gate's.

Pure: no store, no clock, no network. plan → write → check; every span of a draft knows the facts behind it.
"""
