"""Which hosts take a domain's mail."""
