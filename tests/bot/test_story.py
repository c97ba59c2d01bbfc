"""What the demo's build takes along from the program around it."""

from bot.demo.story import unrelated


def test_a_build_is_not_tied_to_a_process_around_the_demo() -> None:
    around = {
        "BATON_RUN": "r",
        "BATON_PROCESS_ID": "p",
        "BATON_TOKEN": "t",
        "TRACEPARENT": "00-a-b-01",
    }
    assert unrelated({"PATH": "/bin", **around}) == {"PATH": "/bin"}
