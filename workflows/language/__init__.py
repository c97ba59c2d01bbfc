"""The workflow language: reads YAML, finds every mistake in it, and compiles it for the core.

It does no I/O and knows neither the time nor any id: text comes in, values go out.
"""
