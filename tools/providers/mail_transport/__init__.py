"""Ways for a frozen mail to leave: a folder of .eml files, or an SMTP server."""
