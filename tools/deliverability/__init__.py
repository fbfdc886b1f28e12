"""Whether mail of a domain will be believed: what its DNS says, what is wrong with it, and the record to publish.

Pure over the records that a port gives (tools.ports.domain_records); nothing here asks the network.
"""
