"""One file a vendor, one folder a capability. Only the composition root names anything in here."""
