"""Every query of every dashboard has something to show."""

import math

import panels
import pytest

QUERIES = panels.queries()
# Grafana takes four scrapes at least; this is what it takes for an hour's graph when scraped once a second.
FIXED = {"__rate_interval": "5s", "__interval": "2s", "datasource": "prometheus"}
STEP = 2


@pytest.fixture(scope="session")
def chosen(proof):
    """What is chosen above each board: everything, by name."""
    seconds = f"{int(proof.ended - proof.began)}s"
    return {board.stem: {**FIXED, "__range": seconds, **choices(proof, board)} for board in panels.BOARDS}


def choices(proof, board):
    values = {}
    for name, selector, label in panels.variables(board):
        selector = panels.VARIABLE.sub(lambda found: values[found[1]], selector)
        found = proof.faulty.prometheus.label_values(selector, label, proof.began, proof.ended)
        assert found, f"{board.stem}: nothing to choose for {name}"
        values[name] = "|".join(found)
    return values


def test_there_are_dashboards():
    assert QUERIES


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_panel_has_data(proof, chosen, query):
    expression = query.filled_in(chosen[query.board])
    series = proof.faulty.prometheus.query_range(expression, proof.began, proof.ended, STEP)
    assert series, f"empty: {expression}"
    values = [value for _, values in series for value in values]
    assert any(map(math.isfinite, values)), f"no number among {len(values)} values: {expression}"


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_every_selector_of_a_panel_selects_something(proof, chosen, query):
    for selector in panels.selectors(query.filled_in(chosen[query.board])):
        assert proof.faulty.prometheus.series(selector, proof.began, proof.ended), selector
