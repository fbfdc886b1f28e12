"""What DNS says of a domain: which hosts take its mail, its texts, and where its names lead."""
