"""`files.write`: put text into a file below BATON_ROOT."""

from pydantic import BaseModel, Field

from baton.connector import ActionContext, Connector, Params, action

__all__ = ["connector"]


class NewFile(Params):
    path: str = Field(
        min_length=1,
        max_length=1024,
        description="Where to write, relative to BATON_ROOT. Missing folders are made.",
        examples=["reports/nightly.md", "{{ run.folder }}/report.md"],
    )
    content: str = Field(description="The text of the file, written as UTF-8.")


class Written(BaseModel):
    path: str = Field(description="The path, relative to BATON_ROOT.")
    size: int = Field(description="How many bytes were written.")


@action("files.write", repeatable=True)
async def write(params: NewFile, ctx: ActionContext) -> Written:
    """Write a text file, whole or not at all. A file that is there is replaced."""
    content = params.content.encode()
    await ctx.files.write(params.path, content)
    return Written(path=params.path, size=len(content))


connector = Connector("files", actions=(write,))
