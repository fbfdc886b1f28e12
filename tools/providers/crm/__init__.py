"""The CRMs that steps are mirrored to: the local book, and vendors."""
