"""A vendor's API once, for all its capabilities: where it is, its key, its published limits, its faults."""
