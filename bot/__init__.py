"""The running program and Baton's Slack face."""
