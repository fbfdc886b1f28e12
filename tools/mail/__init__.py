"""Mail as bytes: writing what leaves to the letter of the RFCs, and reading what comes back without believing it."""
