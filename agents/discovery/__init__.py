"""The discovery agent: what a transcript holds, proposed to a person and never acted on by itself."""
