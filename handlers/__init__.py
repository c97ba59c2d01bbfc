"""Inbound edges: Slack listeners and HTTP routes. They translate and delegate."""
