"""A seeded market with hidden truth, behind the ports of tools/. It stands in for the outside, never for us."""
