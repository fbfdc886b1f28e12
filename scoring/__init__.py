"""Pure rules: frozen signals in, value and reasons out. No clock, no I/O, nothing of ours but itself."""
