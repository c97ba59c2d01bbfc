"""Block Kit for domain objects. Pure: the newest facts in, a message out."""
