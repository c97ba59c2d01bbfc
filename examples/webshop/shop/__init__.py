"""A webshop small enough to read in a minute."""
