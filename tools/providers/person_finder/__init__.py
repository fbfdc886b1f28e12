"""People of companies, one file a source."""
