"""JUnit reports as tools write them, and files that only look like one."""

import json
from typing import Any

import pytest

from baton.junit import BadReport, read_junit, total

SUITE = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="web" tests="99" failures="99" errors="99" skipped="99">
    <testcase classname="web.login" name="opens" time="0.5"/>
    <testcase classname="web.login" name="closes" time="1,000.25"><failure message="no button">at line 7</failure></testcase>
    <testcase name="waits" time="oops"><skipped/><failure/><error>broke
in two lines</error></testcase>
    <testsuite name="inner"><testcase name="later"><skipped message="flaky"/></testcase></testsuite>
  </testsuite>
</testsuites>"""


def test_cases_are_counted_once_each_whatever_the_attributes_say() -> None:
    counts = read_junit(SUITE)

    assert counts.to_json() == {
        "tests": 4,
        "failures": 1,
        "errors": 1,
        "skipped": 1,
        "passed": 1,
        "time_s": 1000.75,
    }
    assert counts.status == "failed"
    assert counts.failing == (
        ("web.login.closes", "no button"),
        ("waits", "broke\nin two lines"),
    )


@pytest.mark.parametrize(
    ("report", "tests", "status"),
    [
        (b'<testsuite tests="3" failures="0"/>', 3, "completed"),
        (b'<testsuite tests="3" skipped="3"/>', 3, "skipped"),
        (b'<testsuite tests="3" errors="1"/>', 3, "failed"),
        (b"<testsuite/>", 0, "skipped"),
        (b'<testsuite tests="many" failures="-1"/>', 0, "skipped"),
        (b'<testsuites tests="5"><testsuite tests="5"/></testsuites>', 5, "completed"),
        (b'<testsuites><testsuite tests="2"/><testsuite tests="3"/></testsuites>', 5, "completed"),
        (b'<x:testsuite xmlns:x="urn:x"><x:testcase/></x:testsuite>', 1, "completed"),
        ('<?xml version="1.0" encoding="latin-1"?><testsuite><testcase name="\xe9"/></testsuite>'.encode("latin-1"), 1, "completed"),
    ],
)  # fmt: skip
def test_shapes_of_reports(report: bytes, tests: int, status: str) -> None:
    counts = read_junit(report)

    assert (counts.tests, counts.status) == (tests, status)


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b"PASSED",
        b"<testsuite>",
        b"<html><testcase/></html>",
        b'<!DOCTYPE testsuite SYSTEM "http://127.0.0.1/x.dtd"><testsuite/>',
        b'<!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuite name="&b;"/>',
        b"<testsuite>&undefined;</testsuite>",
        b'<?xml version="1.0" encoding="klingon"?><testsuite/>',
        b"<testsuite>" + b"<a>" * 100 + b"</a>" * 100 + b"</testsuite>",
        b"\x00\x01\x02",
        b" " * (25 * 1024 * 1024 + 1),
    ],
)
def test_what_is_no_report_is_refused(report: bytes) -> None:
    with pytest.raises(BadReport):
        read_junit(report)


def test_a_report_with_many_failures_names_twenty() -> None:
    case = b'<testcase name="t"><failure message="' + b"x" * 1000 + b'"/></testcase>'
    counts = read_junit(b"<testsuite>" + case * 500 + b"</testsuite>")

    assert (counts.tests, counts.failures, len(counts.failing)) == (500, 500, 20)
    assert {len(said) for _, said in counts.failing} == {300}
    assert total([counts, counts]).tests == 1000


def test_the_counts_are_printed_and_reported(server: Any, baton: Any, tmp_path: Any) -> None:
    (tmp_path / "a.xml").write_bytes(SUITE)

    done = baton("junit", str(tmp_path / "a.xml"), BATON_PROCESS_ID="outer", BATON_RUN="R-1")

    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == (
        b"4 tests in 1000.75 s: 1 passed, 1 failures, 1 errors, 1 skipped"
    )
    (event,) = server.events
    assert (event["status"], event["category"], event["name"]) == ("failed", "test", "a.xml")
    assert event["parent"] == {"process_id": "outer"}
    assert event["run_id"] == "R-1"
    assert event["result"]["tests"] == 4
    assert event["error"]["type"] == "tests-failed"
    again = baton("junit", str(tmp_path / "a.xml"))
    assert again.returncode == 0
    assert server.events[1]["process_id"] == event["process_id"]  # the same files are the same work


def test_where_no_case_has_a_time_that_of_the_suites_counts() -> None:
    cases = b'<testcase name="a"/><testcase name="b"/>'
    report = b'<testsuites><testsuite tests="2" time="1.5">%b</testsuite><testsuite tests="2" time="2">%b</testsuite></testsuites>'
    assert read_junit(report % (cases, cases)).time_s == 3.5


def test_it_works_without_a_server_and_beside_one_that_is_down(
    server: Any, baton: Any, tmp_path: Any, dead_url: str
) -> None:
    (tmp_path / "a.xml").write_bytes(SUITE)
    (tmp_path / "b.xml").write_bytes(b'<testsuite tests="6"/>')
    files = [str(tmp_path / name) for name in ("a.xml", "b.xml")]

    for url in (None, dead_url):
        done = baton("junit", *files, "--json", "--fail", BATON_URL=url)
        assert done.returncode == 1  # for the tests
        assert json.loads(done.stdout)["tests"] == 10
    assert server.told == []


@pytest.mark.parametrize("content", [b"<html/>", b"", None])
def test_what_cannot_be_read_is_one_line_and_code_1(
    server: Any, baton: Any, tmp_path: Any, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "a.xml").write_bytes(content)

    done = baton("junit", str(tmp_path / "a.xml"), "--json")

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.count(b"\n") == 1
    assert b"a.xml" in done.stderr
    assert server.told == []
