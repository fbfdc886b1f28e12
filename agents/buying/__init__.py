"""The evidence buyer: which provider is asked about which company next, and when nobody is asked any more."""
