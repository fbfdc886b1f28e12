"""How customers use the product, one file a source."""
