"""How a workspace's own words come about: variants that are tried on people, rules learned from its people's edits."""
