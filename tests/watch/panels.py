"""Every query of every dashboard, as Grafana would send it."""

import dataclasses
import json
import re

from processes import ROOT

BOARDS = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))

# A metric's name and, if there are any, its matchers; quoted values may hold anything.
SELECTOR = re.compile(r'(?<![\w:"])([a-zA-Z_:][\w:]*)\{((?:[^"{}]|"(?:\\.|[^"\\])*")*)\}')
LABEL_VALUES = re.compile(r"label_values\((.+),\s*(\w+)\)")
VARIABLE = re.compile(r"\$\{?(\w+)(?::\w+)?\}?")


@dataclasses.dataclass(frozen=True)
class Query:
    """One query of one panel, or of the marks in all panels."""

    board: str
    panel: str
    ref: str
    text: str

    @property
    def name(self):
        return f"{self.board}: {self.panel} ({self.ref})"

    def filled_in(self, values):
        """The query with values for its variables; one without a value is a mistake."""
        return VARIABLE.sub(lambda found: values[found[1]], self.text)


def queries():
    """All of them."""
    found = []
    for path in BOARDS:
        board = json.loads(path.read_text())
        for panel in _panels(board):
            for target in panel.get("targets", []):
                found.append(Query(path.stem, panel["title"], target["refId"], target["expr"]))
        for mark in board.get("annotations", {}).get("list", []):
            if "expr" in mark:
                found.append(Query(path.stem, "marks", mark["name"], mark["expr"]))
    return found


def variables(board):
    """The variables that ask Prometheus, in their order: name, selector and label."""
    for variable in json.loads(board.read_text())["templating"]["list"]:
        if variable["type"] == "query":
            query = variable["query"]
            selector, label = LABEL_VALUES.fullmatch(query if isinstance(query, str) else query["query"]).groups()
            yield variable["name"], selector, label


def selectors(expression):
    """What an expression selects, one by one."""
    return [found[0] for found in SELECTOR.finditer(expression)]


def _panels(board):
    for panel in board.get("panels", []):
        yield panel
        yield from _panels(panel)
