"""`data.*`: what is done to values: lists, texts and files of them. Nothing else is touched."""

from baton.connector import Connector
from workflows.actions.aggregating import aggregate
from workflows.actions.formats import read, write
from workflows.actions.lists import filter_, sort, transform
from workflows.actions.templates import template

__all__ = ["connector"]

connector = Connector("data", actions=(transform, filter_, sort, aggregate, template, read, write))
