"""What is measured, as Prometheus reads it."""

from handlers.http.measures import Metric, Sample, written


def test_each_number_has_its_line_under_what_it_says() -> None:
    found = (
        Metric("open_runs", "gauge", "Runs.", (Sample(3, {"status": "waiting"}), Sample(0.5))),
        Metric("nothing", "gauge", "Nothing.", ()),
        Metric("took", "histogram", "Time.", (Sample(2, {"le": "+Inf"}, "_bucket"),)),
    )
    assert written(found).splitlines() == [
        "# HELP baton_open_runs Runs.",
        "# TYPE baton_open_runs gauge",
        'baton_open_runs{status="waiting"} 3',
        "baton_open_runs 0.5",
        "# HELP baton_took Time.",
        "# TYPE baton_took histogram",
        'baton_took_bucket{le="+Inf"} 2',
    ]


def test_a_large_number_is_written_to_its_last_digit() -> None:
    """Else a counter that passed a million stands still, and then leaps."""
    samples = (Sample(1_234_567), Sample(2**53 - 1), Sample(0.0000125), Sample(1_234_567.25))
    (_, _, *lines) = written((Metric("x", "counter", "X.", samples),)).splitlines()

    assert [float(line.split()[1]) for line in lines] == [each.value for each in samples]
    assert lines[0] == "baton_x 1234567"


def test_a_label_cannot_end_its_line() -> None:
    found = written((Metric("x", "gauge", "X.", (Sample(1, {"kind": 'a"\n\\'}),)),))
    assert found.splitlines()[-1] == 'baton_x{kind="a\\"\\n\\\\"} 1'
