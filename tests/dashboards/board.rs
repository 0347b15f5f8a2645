//! A board as JSON, and its parts.

use serde_json::Value;
use tidegate::monitoring::dashboards::{self, Options};

/// Every board, as Grafana reads it.
pub(crate) fn boards() -> Vec<Value> {
    dashboards::all(&Options::default()).iter().map(|board| serde_json::to_value(board).unwrap()).collect()
}

/// The parts of a list, or none.
pub(crate) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// A word, or the empty one.
pub(crate) fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// A number, or zero.
pub(crate) fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or_default()
}

/// The panels that show data.
pub(crate) fn shown(board: &Value) -> impl Iterator<Item = &Value> {
    list(board, "panels").iter().filter(|panel| !matches!(word(panel, "type"), "row" | "text"))
}

/// Every query of a panel, with the panel.
pub(crate) fn targets(board: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    shown(board).flat_map(|panel| list(panel, "targets").iter().map(move |target| (panel, target)))
}

/// The first panel that shows data, to be broken.
pub(crate) fn first_panel(board: &mut Value) -> &mut Value {
    let panels = board["panels"].as_array_mut().unwrap();
    panels.iter_mut().find(|panel| !matches!(word(panel, "type"), "row" | "text")).unwrap()
}

/// The expression of the first query, to be broken.
pub(crate) fn first_query(board: &mut Value) -> &mut Value {
    &mut first_panel(board)["targets"][0]["expr"]
}

/// The variable of this name, to be broken.
pub(crate) fn variable<'a>(board: &'a mut Value, name: &str) -> &'a mut Value {
    let variables = board["templating"]["list"].as_array_mut().unwrap();
    variables.iter_mut().find(|variable| word(variable, "name") == name).unwrap()
}
