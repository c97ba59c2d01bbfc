"""`python -m bot …`: what needs the server's code or its data folder."""
