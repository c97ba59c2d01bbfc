"""Expressions and templates: a subset of Jinja's expressions with nothing to escape to.

Values are JSON and handles of secrets. There are no attributes, no calls and no loops, and every
evaluation is bounded, so a text of a stranger costs little and reaches nothing.
"""

from workflows.language.expressions.equalities import Equality, equalities
from workflows.language.expressions.errors import (
    ExpressionError,
    ExpressionFailed,
    InvalidExpression,
    LimitExceeded,
    MissingValue,
)
from workflows.language.expressions.evaluator import Evaluator
from workflows.language.expressions.expression import Expression, compile_expression, predicate
from workflows.language.expressions.handles import (
    MalformedHandle,
    Secret,
    SecretText,
    from_json,
    mask,
    may_hold_handles,
    reveal,
    secret_names,
    to_json,
)
from workflows.language.expressions.patterns import check_pattern, matches
from workflows.language.expressions.references import Reference
from workflows.language.expressions.templates import Template, compile_template, has_template
from workflows.language.expressions.values import kind_of

__all__ = [
    "Equality",
    "Evaluator",
    "Expression",
    "ExpressionError",
    "ExpressionFailed",
    "InvalidExpression",
    "LimitExceeded",
    "MalformedHandle",
    "MissingValue",
    "Reference",
    "Secret",
    "SecretText",
    "Template",
    "check_pattern",
    "compile_expression",
    "compile_template",
    "equalities",
    "from_json",
    "has_template",
    "kind_of",
    "mask",
    "matches",
    "may_hold_handles",
    "predicate",
    "reveal",
    "secret_names",
    "to_json",
]
