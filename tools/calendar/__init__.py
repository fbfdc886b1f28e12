"""Times, invitations and booking links."""
