"""How people come in: passwords, sessions, second factors, invitations, single sign-on."""
