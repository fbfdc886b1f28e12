"""Reading public web pages: guarded against being turned on our own network, or switched off."""
