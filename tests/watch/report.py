"""The figures of a run, as a table."""

import os
import time

import pytest
from processes import ROOT

PROOF = pytest.StashKey()
PAGE = ROOT / "docs" / "alerts-proof.md"
MARK = "<!-- figures -->\n"


def rows(proof):
    """A line for each case, with its header."""
    yield "| Alert | Of | Fault | Fired after | Cleared after |"
    yield "| --- | --- | --- | ---: | ---: |"
    for case, outcome in proof.outcomes.items():
        of = ", ".join(f"`{value}`" for value in case.labels.values())
        fired, cleared = seconds(outcome.fired_after), seconds(outcome.cleared_after)
        yield f"| `{case.alert}` | {of} | {case.fault} | {fired} | {cleared} |"


def seconds(duration):
    return "never" if duration is None else f"{duration:.0f} s"


def show(proof, write):
    """Prints the table, and puts it into the page if the documents are to be updated."""
    day = time.strftime("%Y-%m-%d", time.gmtime(proof.began))
    faulty, calm = proof.calls
    head = f"Run of {day}: {proof.ended - proof.began:.0f} s, {faulty} calls with faults and {calm} without."
    table = "\n".join([head, "", *rows(proof)])
    write("\n" + table)
    if os.environ.get("UPDATE_DOCS"):
        before, _, after = PAGE.read_text().split(MARK)
        PAGE.write_text(MARK.join([before, f"\n{table}\n\n", after]))
