"""From columns of any name to our records: a mapping is proposed, may be edited, and is applied row by row."""
