"""One file a vendor, one folder a capability. Only rooms above the ports name anything in here: the composition root."""
