"""Wiring only: the supervisor, its routing policy, state and resume. What agents do stands in agents/."""
