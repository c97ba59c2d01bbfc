import pytest

from baton.connector import Failed, Finished, NotStarted
from tests.workflows.actions.fakes import Context, Perform
from workflows.actions.registry import Registry


async def test_a_program_runs_below_the_root_with_little_in_its_environment(
    perform: Perform, ctx: Context
) -> None:
    (ctx.files.root / "webshop").mkdir()
    ctx.processes.finished = Finished(0, "3 passed\n", "")
    params = {"argv": ["pytest", "-q"], "cwd": "webshop", "env": {"CI": 1}}
    ended = await perform("shell.run", params)

    assert ended.model_dump() == {
        "exit_code": 0,
        "stdout": "3 passed\n",
        "stderr": "",
        "truncated": False,
    }
    assert ctx.processes.started == [
        (("pytest", "-q"), ctx.files.root / "webshop", {"PATH": "/bin", "CI": "1"})
    ]


async def test_what_an_expression_gave_is_one_argument_as_it_stands(
    perform: Perform, ctx: Context
) -> None:
    await perform("shell.run", {"argv": ["deploy", "a b; rm -rf /", 7, True, "$HOME", 1.5]})
    argv, _, _ = ctx.processes.started[0]
    assert argv == ("deploy", "a b; rm -rf /", "7", "true", "$HOME", "1.5")


async def test_an_exit_code_fails_the_step_and_says_what_the_program_said_last(
    perform: Perform, ctx: Context
) -> None:
    ctx.processes.finished = Finished(1, "F..\n1 failed, 2 passed\n", "")
    with pytest.raises(Failed, match=r"`pytest -q` exited with 1: 1 failed, 2 passed") as caught:
        await perform("shell.run", {"argv": ["pytest", "-q"]})
    assert (caught.value.type, caught.value.status) == ("exit", 1)


async def test_an_allowed_exit_code_does_not_fail_the_step(perform: Perform, ctx: Context) -> None:
    ctx.processes.finished = Finished(1, "", "")
    ended = await perform("shell.run", {"argv": ["grep", "x"], "allow_exit": [1]})
    assert ended.exit_code == 1


async def test_a_signal_is_called_a_signal(perform: Perform, ctx: Context) -> None:
    ctx.processes.finished = Finished(-9, "", "")
    with pytest.raises(Failed, match="was ended by signal 9"):
        await perform("shell.run", {"argv": ["make"]})


@pytest.mark.parametrize("cwd", ["..", "/", "a/../../b"])
async def test_no_folder_outside_the_root_is_entered(
    perform: Perform, ctx: Context, cwd: str
) -> None:
    with pytest.raises(NotStarted, match="leads out of BATON_ROOT"):
        await perform("shell.run", {"argv": ["ls"], "cwd": cwd})
    assert ctx.processes.started == []


async def test_a_link_out_of_the_root_is_not_followed(
    perform: Perform, ctx: Context, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (ctx.files.root / "link").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(NotStarted, match="leads out of BATON_ROOT"):
        await perform("shell.run", {"argv": ["ls"], "cwd": "link"})
    assert ctx.processes.started == []


async def test_a_folder_that_is_not_there_starts_nothing(perform: Perform, ctx: Context) -> None:
    with pytest.raises(NotStarted, match="not a folder"):
        await perform("shell.run", {"argv": ["ls"], "cwd": "nowhere"})
    assert ctx.processes.started == []


def test_a_program_may_not_repeat_unless_its_author_says_so(registry: Registry) -> None:
    assert registry.require("shell.run").repeatable is False
