"""`python -m bot`: each command is a module of `bot.commands`."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from baton.errors import BatonError
from bot.commands import (
    apply,
    backup,
    doctor,
    dry_run,
    export,
    hooks,
    init,
    login_link,
    migrate,
    preview,
    purge,
    reconcile,
    restore,
    schema,
    serve,
    sources,
    test,
    tokens,
    validate,
)
from bot.logs import configure
from bot.settings import InvalidSettings

FAILED, NOT_CONFIGURED, INTERRUPTED = 1, 4, 130


def tell(wanted: bool) -> None:  # noqa: FBT001 - typer passes what was typed
    if wanted:
        typer.echo(version("baton-bus"))
        raise typer.Exit


def ours(
    version: Annotated[  # noqa: FBT002 - an option, told of before anything is done
        bool, typer.Option("--version", callback=tell, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Run and look after a Baton."""


app = typer.Typer(
    help="Run and look after a Baton.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.callback()(ours)
app.command("serve")(serve.serve)
app.command("migrate")(migrate.migrate)
app.command("init")(init.init)
app.command("doctor")(doctor.doctor)
app.command("login-link")(login_link.login_link)
app.command("reconcile")(reconcile.reconcile)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.command("purge")(purge.purge)
app.command("preview")(preview.preview)
app.command("validate")(validate.validate)
app.command("dry-run")(dry_run.dry_run)
app.command("test")(test.try_cases)
app.command("schema")(schema.schema)
app.command("apply")(apply.apply)
app.command("export")(export.export)
app.add_typer(sources.app, name="source")
app.add_typer(tokens.app, name="token")
app.add_typer(hooks.app, name="hook")


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what goes wrong is one sentence on stderr."""
    try:
        app(arguments)
    except InvalidSettings as error:
        return failed(error, NOT_CONFIGURED)
    except BatonError as error:
        return failed(error, FAILED)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def failed(error: BatonError, code: int) -> int:
    sys.stderr.write(f"{error}\n")
    return code


if __name__ == "__main__":
    configure(sys.stderr)
    sys.exit(run())
