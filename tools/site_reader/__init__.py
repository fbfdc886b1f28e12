"""What a company's own web site and DNS say about it, as dated findings with quote and URL."""

from tools.site_reader.dns_technologies import dns_technologies
from tools.site_reader.reader import read_site
from tools.site_reader.technology import Evidence
from tools.site_reader.types import Finding, SiteReading

__all__ = ["Evidence", "Finding", "SiteReading", "dns_technologies", "read_site"]
