"""Texts and calls: who may be reached, what is sent, what follows."""
