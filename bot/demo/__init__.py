"""The demo: Baton on a local Slack, playing the main job on real input."""
