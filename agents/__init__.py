"""Judgement: one file an agent. Each reads rows, decides, writes rows; none of them touches the outside for effect."""
