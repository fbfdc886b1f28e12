"""Suites of cases over recorded fixtures, graded by code, compared with an accepted baseline."""
