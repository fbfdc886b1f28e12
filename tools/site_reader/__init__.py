"""What a company's own web site says about it, as dated findings with quote and URL."""

from tools.site_reader.reader import read_site
from tools.site_reader.types import Finding, SiteReading

__all__ = ["Finding", "SiteReading", "read_site"]
