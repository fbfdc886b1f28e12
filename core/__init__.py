"""Settings, errors, clock, ids, logging, crypto: what every room stands on. Imports nothing of ours."""
