"""Slack listeners: they translate what people do into one call of the Coordinator, then answer."""
