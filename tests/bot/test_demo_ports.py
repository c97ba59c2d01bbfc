"""The ports of a demo: the same ones each time, and nobody else's from the moment they are chosen."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bot.demo.stage import LOCAL, Options, take_ports
from bot.world.listening import PortTaken, listen, port_of


@contextmanager
def taken_in(data: Path, port: int = 0) -> Iterator[dict[str, int]]:
    options = Options(once=True, as_json=False, browser=False, port=port, data=data)
    with ExitStack() as stack:
        taken = take_ports(options)
        yield {name: port_of(stack.enter_context(each)) for name, each in taken.items()}


def test_what_was_chosen_is_given_to_nobody_else(tmp_path: Path) -> None:
    with taken_in(tmp_path) as ports:
        assert len(set(ports.values())) == 3
        for port in ports.values():
            with pytest.raises(PortTaken):
                listen(LOCAL, port)


def test_a_folder_keeps_its_ports(tmp_path: Path) -> None:
    with taken_in(tmp_path) as first:
        pass
    with taken_in(tmp_path) as again:
        assert again == first


def test_a_port_that_is_taken_by_now_is_another_one_unless_somebody_asked_for_it(
    tmp_path: Path,
) -> None:
    with taken_in(tmp_path) as first:
        pass
    with listen(LOCAL, first["baton"]), listen(LOCAL, first["site"]):
        with pytest.raises(PortTaken), taken_in(tmp_path, first["baton"]):
            pass
        with taken_in(tmp_path) as again:
            assert again["slack"] == first["slack"]
            assert not {again["baton"], again["site"]} & set(first.values())
