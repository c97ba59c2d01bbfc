"""Reads what other people's programs send: bytes to values, values to an event. Pure throughout."""

from baton.errors import InvalidEvent, MalformedBody
from baton.reading.bodies import parse_form, parse_json
from baton.reading.cloudevents import read_cloud_event
from baton.reading.event import Reading, Source, read_event

__all__ = [
    "InvalidEvent",
    "MalformedBody",
    "Reading",
    "Source",
    "parse_form",
    "parse_json",
    "read_cloud_event",
    "read_event",
]
