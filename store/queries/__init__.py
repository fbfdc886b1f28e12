"""Questions to the store that more than one room asks. One file an aggregate; set-based; never across workspaces."""
