"""Keeps data out of shell code: programs get lists of arguments, and text for a shell no templates."""

from collections.abc import Collection
from typing import Any, Final

from workflows.language.expressions import InvalidExpression, compile_template, has_template
from workflows.language.findings import Findings
from workflows.language.places import Path

__all__ = ["SHELLS", "WRAPPERS", "check_argv", "warn_of_secrets"]

POSIX: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox"})
POWERSHELL: Final = frozenset({"powershell", "pwsh"})
CMD: Final = frozenset({"cmd"})
SHELLS: Final = POSIX | POWERSHELL | CMD
WRAPPERS: Final = frozenset(
    [
        "env",
        "sudo",
        "doas",
        "nice",
        "ionice",
        "timeout",
        "time",
        "nohup",
        "setsid",
        "stdbuf",
        "xargs",
        "chroot",
        "ssh",
    ]
)


def check_argv(path: Path, argv: Any, programs: list[str] | None, findings: Findings) -> None:
    """Check the ``argv`` of ``shell.run``, which stands at *path*."""
    if not isinstance(argv, list):
        if isinstance(argv, str) and has_template(
            argv
        ):  # of a plain text, its model says that it is none
            findings.add(
                "shell",
                path,
                "`argv` is a list with one element an argument, not a text",
                "Write `[program, first, second]`.",
            )
        return
    if argv and isinstance(argv[0], str) and has_template(argv[0]) and not programs:
        findings.add(
            "shell",
            (*path, 0),
            "the program must be written out",
            "Name it, or list what it may become under `settings.programs`.",
        )
    shell = _shell_at(argv)
    if shell is not None:
        _check_text(path, argv, shell, findings)
    elif argv and _program(argv[0]) == "ssh":
        _check_ssh(path, argv, findings)


def warn_of_secrets(path: Path, argv: Any, secret: Collection[str], findings: Findings) -> None:
    """Note secrets among the arguments: whoever lists the processes of the machine sees those.

    *secret* are the inputs of the workflow that are.
    """
    for index, text in enumerate(argv if isinstance(argv, list) else ()):
        if isinstance(text, str) and has_template(text) and _holds_secret(text, secret):
            findings.warn(
                "secret",
                (*path, index),
                "whoever lists the processes of the machine sees a secret among the arguments",
                "Pass it in `env`, and let the program read it there.",
            )


def _holds_secret(text: str, secret: Collection[str]) -> bool:
    try:
        paths = [reference.path for reference in compile_template(text).references]
    except InvalidExpression:
        return False  # noted where all params are read
    inputs = [
        path[-2:] for path in paths if path[:1] == ("inputs",) or path[:2] == ("run", "inputs")
    ]
    return any(path[0] == "secrets" for path in paths) or any(path[-1] in secret for path in inputs)


def _program(value: Any) -> str:
    name = value.replace("\\", "/").rsplit("/", 1)[-1].lower() if isinstance(value, str) else ""
    return name.removesuffix(".exe")


def _shell_at(argv: list[Any]) -> int | None:
    """Return where a shell is called: first, or anywhere behind a program that starts others."""
    if not argv:
        return None
    if _program(argv[0]) in SHELLS:
        return 0
    if _program(argv[0]) in WRAPPERS:
        return next((i for i, each in enumerate(argv) if i and _program(each) in SHELLS), None)
    return None


def _check_text(path: Path, argv: list[Any], shell: int, findings: Findings) -> None:
    name = _program(argv[shell])
    flag = next((i for i in range(shell + 1, len(argv)) if _takes_text(name, argv[i])), None)
    if flag is None:
        return
    last = len(argv)
    if name in POSIX:  # one argument is the text; the others are its parameters
        last = next((i for i in range(flag + 1, last) if not _is_option(argv[i])), last) + 1
    for index in range(flag + 1, min(last, len(argv))):
        if isinstance(argv[index], str) and has_template(argv[index]):
            findings.add(
                "shell",
                (*path, index),
                f"a template in the text for `{name} {argv[flag]}` would be run as code",
                _mend(name, str(argv[shell]), str(argv[flag])),
            )


def _takes_text(name: str, option: Any) -> bool:
    if not isinstance(option, str):
        return False
    if name in CMD:
        return option.lower() in ("/c", "/k", "/r")
    if name in POWERSHELL:
        return option.lower().startswith(("-c", "-en", "/c"))
    return option == "--command" or (_is_option(option) and "c" in option[1:] and option[1] != "-")


def _is_option(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("-") and len(value) > 1


def _mend(name: str, shell: str, flag: str) -> str:
    if name in POSIX:
        return (
            'Write `"$1"` in the text and give the value as a separate element: '
            f'`[{shell}, {flag}, \'deploy "$1"\', {name}, "{{{{ inputs.target }}}}"]`.'
        )
    return "Call a script with `-File`, or a program, and give the value as a separate element."


def _check_ssh(path: Path, argv: list[Any], findings: Findings) -> None:
    """What follows the host is joined into one text for the shell of the other side."""
    for index in range(2, len(argv)):
        if isinstance(argv[index], str) and has_template(argv[index]):
            findings.warn(
                "shell",
                (*path, index),
                "ssh hands this to a shell on the other side, which reads it as code",
                "Make sure that the value cannot hold spaces, quotes or `;`.",
            )
