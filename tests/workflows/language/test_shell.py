"""No text from outside becomes shell code."""

import pytest

from tests.workflows.language.samples import problems, steps

T = "'{{ inputs.x }}'"
HEAD = "inputs: {x: {type: string}}\n"


def found(argv: str, head: str = HEAD) -> list[tuple[str, str]]:
    text = steps(f"- {{id: a, action: shell.run, params: {{argv: {argv}}}}}", head)
    return [(each.severity, each.path.removeprefix("steps[0].params.")) for each in problems(text)]


@pytest.mark.parametrize(
    ("argv", "index"),
    [
        (f"[sh, -c, {T}]", 2),
        (f"[bash, -c, 'echo {T[1:-1]}']", 2),
        (f"[/bin/bash, -lc, {T}]", 2),
        (f"[bash, -e, -c, -x, {T}]", 4),
        (f"[zsh, -ec, {T}, b]", 2),
        (f"[cmd.exe, /C, dir, {T}]", 3),
        (f"[powershell, -Command, {T}]", 2),
        (f"[pwsh, -NoProfile, -command, a, {T}]", 4),
        (f"[env, A=b, bash, -c, {T}]", 4),
        (f"[sudo, -u, ada, sh, -c, {T}]", 5),
        (f"[nice, -n, '5', dash, -c, {T}]", 5),
        (f"[timeout, '5', bash, -c, {T}]", 4),
        (f"[ssh, host, bash, -c, {T}]", 4),
        (f"[ssh, -p, '22', host, /usr/bin/zsh, -c, {T}]", 6),
    ],
)
def test_a_template_in_shell_code_is_refused(argv: str, index: int) -> None:
    assert found(argv) == [("error", f"argv[{index}]")]


@pytest.mark.parametrize(
    "argv",
    [
        f"[bash, -c, 'deploy \"$1\"', bash, {T}]",
        f"[bash, script.sh, {T}]",
        f"[bash, -e, script.sh, {T}]",
        f"[make, {T}]",
        f"[grep, -c, {T}]",
        f"[env, 'A={T[1:-1]}', make]",
        f"[python3, -c, {T}]",
        f"[powershell, -File, x.ps1, {T}]",
        "[bash, -c, 'echo fine']",
    ],
)
def test_a_template_as_an_argument_is_fine(argv: str) -> None:
    assert found(argv) == []


def test_the_mend_is_shown() -> None:
    text = steps(f"- {{id: a, action: shell.run, params: {{argv: [bash, -c, {T}]}}}}", HEAD)
    (problem,) = problems(text)

    assert '"$1"' in (problem.hint or "")
    assert "[bash, -c, 'deploy \"$1\"', bash," in (problem.hint or "")


def test_the_program_is_written_out_unless_the_settings_list_it() -> None:
    assert found(f"[{T}, x]") == [("error", "argv[0]")]
    assert found(f"[{T}, x]", HEAD + "settings: {programs: [make, npm]}\n") == []
    assert found(f"[sh, -c, {T}]", HEAD + "settings: {programs: [sh]}\n") == [("error", "argv[2]")]


def test_argv_is_a_list() -> None:
    assert ("error", "argv") in found("'make all'")
    assert ("error", "argv") in found(T)


def test_what_ssh_hands_to_a_shell_is_a_warning() -> None:
    assert found(f"[ssh, host, uptime, {T}]") == [("warning", "argv[3]")]
    assert found(f"[ssh, {T}]") == []
