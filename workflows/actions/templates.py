"""`data.template`: compose a text, here or in a file of its own."""

import json
from typing import Any

from pydantic import BaseModel, Field, model_validator

from baton.connector import ActionContext, Failed, Params, action
from workflows.language.expressions import ExpressionError, compile_template

__all__ = ["template"]

LARGEST = 256 * 1024


class Template(Params):
    text: str | None = Field(
        None,
        description="The text, with expressions in it.",
        examples=["# Release {{ inputs.sha }}\n\n{{ steps.tests.output.stdout }}"],
    )
    file: str | None = Field(
        None,
        description="Or a file below BATON_ROOT that holds it; its expressions see only `values`.",
        examples=["templates/report.md"],
    )
    values: dict[str, Any] = Field(
        default_factory=dict, description="What the expressions of the file see, by name."
    )

    @model_validator(mode="after")
    def _one_source(self) -> "Template":
        if (self.text is None) == (self.file is None):
            raise ValueError("give text or file, one of the two")
        if self.text is not None and self.values:
            raise ValueError("values belong to file; a text here sees all names of its step")
        return self


class Rendered(BaseModel):
    text: str = Field(description="The finished text.")


@action("data.template", repeatable=True)
async def template(params: Template, ctx: ActionContext) -> Rendered:
    """Compose a text once, so that several steps can use it."""
    if params.file is None:
        return Rendered(text=params.text or "")  # its expressions had their values before the call
    source = await ctx.files.read(params.file, limit=LARGEST)
    return Rendered(text=_render(params.file, source, params.values))


def _render(name: str, source: bytes, values: dict[str, Any]) -> str:
    try:
        rendered = compile_template(source.decode())(values)
    except UnicodeDecodeError:
        raise Failed(f"{name} is not text in UTF-8", type="template") from None
    except ExpressionError as error:
        raise Failed(f"{name}: {error}", type="template") from error
    return rendered if isinstance(rendered, str) else json.dumps(rendered, ensure_ascii=False)
