//! The part of Grafana's classic dashboard JSON that the boards use.
//!
//! The field names are those of `@grafana/schema`. What decides how a panel looks, and nothing else, stays
//! untyped: `options` and `custom` differ for each kind of panel, and Grafana fills in what is missing.

use serde::Serialize;
use serde_json::Value;

/// The version of the classic format: any Grafana from 11 on reads it, newer ones convert it as they load it.
pub const SCHEMA_VERSION: u32 = 39;

/// One board.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dashboard {
    /// Given by Grafana.
    pub id: Option<u64>,
    /// Names it in links.
    pub uid: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The question it answers.
    pub description: &'static str,
    /// What links between boards find it by.
    pub tags: Vec<&'static str>,
    /// See [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Counts changes made in Grafana: none.
    pub version: u32,
    /// Boards are changed here, not in Grafana.
    pub editable: bool,
    /// 1: what is pointed at in one panel is marked in all.
    pub graph_tooltip: u8,
    /// How often it asks again.
    pub refresh: &'static str,
    /// What it shows at first.
    pub time: TimeRange,
    /// Whose time of day is shown.
    pub timezone: &'static str,
    /// The variables.
    pub templating: List<Variable>,
    /// What is marked in all graphs.
    pub annotations: List<Annotation>,
    /// To the other boards.
    pub links: Vec<Link>,
    /// The panels and the headings between them, in order.
    pub panels: Vec<Panel>,
}

/// From when to when.
#[derive(Debug, Clone, Serialize)]
pub struct TimeRange {
    /// The beginning.
    pub from: &'static str,
    /// The end.
    pub to: &'static str,
}

/// Grafana wraps some lists in an object.
#[derive(Debug, Clone, Serialize)]
pub struct List<T> {
    /// The list.
    pub list: Vec<T>,
}

/// A data source.
#[derive(Debug, Clone, Serialize)]
pub struct DataSource {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Which one.
    pub uid: &'static str,
}

/// Something to choose above the board.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// `query` or `datasource`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// As queries name it.
    pub name: &'static str,
    /// As people read it.
    pub label: &'static str,
    /// Where its values come from; absent for the data source itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datasource: Option<DataSource>,
    /// What gives its values.
    pub query: Value,
    /// What is chosen at first.
    pub current: Value,
    /// Whether several can be chosen.
    pub multi: bool,
    /// Whether all can be chosen at once.
    #[serde(rename = "includeAll")]
    pub include_all: bool,
    /// What all of them are in a query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_value: Option<&'static str>,
    /// 1: when the board is opened, 2: when the time range changes.
    pub refresh: u8,
    /// 1: in alphabetical order.
    pub sort: u8,
    /// Keeps those values that it matches.
    pub regex: &'static str,
    /// 0: shown, 2: not.
    pub hide: u8,
}

/// Something that is marked in all graphs.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Annotation {
    /// What it is called.
    pub name: &'static str,
    /// Where it comes from.
    pub datasource: DataSource,
    /// Whether it is shown at first.
    pub enable: bool,
    /// The colour of the mark.
    pub icon_color: &'static str,
    /// What selects the moments.
    pub expr: String,
    /// How finely it is looked for.
    pub step: &'static str,
    /// Whether the value is the moment, in milliseconds since 1970.
    pub use_value_for_time: bool,
    /// The heading of the mark.
    pub title_format: &'static str,
    /// Its text.
    pub text_format: &'static str,
}

/// A way to somewhere else.
#[expect(clippy::struct_excessive_bools, reason = "Grafana's format has them")]
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// `dashboards` (all with the tags) or `link` (to `url`).
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it is called.
    pub title: String,
    /// The address, for a `link`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The tags, for `dashboards`.
    pub tags: Vec<&'static str>,
    /// Whether they are behind one button.
    pub as_dropdown: bool,
    /// Its picture.
    pub icon: &'static str,
    /// Whether the time range goes along.
    pub keep_time: bool,
    /// Whether the variables go along.
    pub include_vars: bool,
    /// Whether it opens a new page.
    pub target_blank: bool,
    /// Shown on pointing.
    pub tooltip: &'static str,
}

/// A panel, or a heading (`row`).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Panel {
    /// Unique within the board.
    pub id: u32,
    /// Its kind, for example `timeseries`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it shows, in a few words.
    pub title: &'static str,
    /// What it shows, when to worry, what to do next.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub description: String,
    /// Where its data comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datasource: Option<DataSource>,
    /// Where it stands.
    pub grid_pos: GridPos,
    /// How many points it is drawn with at most, if not as many as its width has room for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_data_points: Option<u32>,
    /// What it asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// How values are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_config: Option<FieldConfig>,
    /// How the panel looks, by kind.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub options: Value,
    /// What is done to the data before it is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transformations: Vec<Transformation>,
    /// Where to look next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// For a heading: whether its panels are hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collapsed: Option<bool>,
    /// For a heading: the hidden panels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panels: Option<Vec<Panel>>,
}

/// A place on the grid of 24 columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct GridPos {
    /// Height.
    pub h: u32,
    /// Width.
    pub w: u32,
    /// Columns to its left.
    pub x: u32,
    /// Lines above it.
    pub y: u32,
}

/// One query of a panel.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Names it within the panel: A, B, …
    pub ref_id: String,
    /// What is asked.
    pub datasource: DataSource,
    /// In `PromQL`.
    pub expr: String,
    /// What Grafana takes for the interval of scrapes, if not what the data source says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<&'static str>,
    /// What a series is called.
    pub legend_format: String,
    /// `time_series`, `table` or `heatmap`.
    pub format: &'static str,
    /// Whether the whole range is asked for.
    pub range: bool,
    /// Whether only its end is asked for.
    pub instant: bool,
    /// Whether traces of single calls are marked.
    pub exemplar: bool,
    /// How Grafana's editor shows it.
    pub editor_mode: &'static str,
}

/// How the values of a panel are shown.
#[derive(Debug, Clone, Serialize)]
pub struct FieldConfig {
    /// All of them.
    pub defaults: Field,
    /// Some of them.
    pub overrides: Vec<Override>,
}

/// How values are shown.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// What they mean, in Grafana's words.
    pub unit: &'static str,
    /// The least value of the axis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest value of the axis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// What is shown if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_value: Option<&'static str>,
    /// Their colours.
    pub color: Value,
    /// Where they begin to matter.
    pub thresholds: Thresholds,
    /// Words for some values.
    pub mappings: Vec<Value>,
    /// How they are drawn, by kind of panel.
    pub custom: Value,
}

/// Where values begin to matter.
#[derive(Debug, Clone, Serialize)]
pub struct Thresholds {
    /// `absolute`.
    pub mode: &'static str,
    /// From low to high; the first has no value.
    pub steps: Vec<Step>,
}

/// From here on, this colour.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// The colour.
    pub color: &'static str,
    /// From where on.
    pub value: Option<f64>,
}

/// Shows some values differently.
#[derive(Debug, Clone, Serialize)]
pub struct Override {
    /// Which ones.
    pub matcher: Matcher,
    /// How.
    pub properties: Vec<Property>,
}

/// Selects values by the name of their series.
#[derive(Debug, Clone, Serialize)]
pub struct Matcher {
    /// `byName` or `byRegexp`.
    pub id: &'static str,
    /// The name.
    pub options: String,
}

/// One way in which some values are shown differently.
#[derive(Debug, Clone, Serialize)]
pub struct Property {
    /// What is different.
    pub id: &'static str,
    /// How.
    pub value: Value,
}

/// Something that is done to data before it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Transformation {
    /// What.
    pub id: &'static str,
    /// How.
    pub options: Value,
}
