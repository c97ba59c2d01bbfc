"""`python -m bot`: each command is a module of `bot.commands`."""

import sys

import typer

from baton.errors import BatonError
from bot.commands import doctor, init, login_link, migrate, serve, tokens
from bot.logs import configure

app = typer.Typer(
    help="Run and look after a Baton.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("migrate")(migrate.migrate)
app.command("init")(init.init)
app.command("doctor")(doctor.doctor)
app.command("login-link")(login_link.login_link)
app.add_typer(tokens.app, name="token")


def main() -> None:
    configure(sys.stderr)
    try:
        app()
    except BatonError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(4 if type(error).__name__ == "InvalidSettings" else 1)


if __name__ == "__main__":
    main()
