"""`python3 run.py prove promises`: write the page of promises from the results that were kept."""

import argparse
import sys

from tests.prove.promises.page import PAGE, kept, render
from tests.prove.verdict import Verdict, prove


def work(_: argparse.Namespace, verdict: Verdict) -> None:
    results = kept()
    PAGE.write_text(render(results))
    verdict.counts["proofs"] = len(results)
    verdict.violations += [
        f"{name}: {each}" for name, found in results.items() for each in found["violations"]
    ]


if __name__ == "__main__":
    sys.exit(prove("promises", __doc__ or "", {}, work))
