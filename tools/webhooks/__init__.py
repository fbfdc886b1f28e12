"""Inbound webhooks, one file a vendor: signature over the raw bytes, replay window, then our own event types."""
