"""Baton's Slack face: what is shown, and how it gets there."""
