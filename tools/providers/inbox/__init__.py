"""Places where answers arrive: a folder of .eml files, or an IMAP server."""
