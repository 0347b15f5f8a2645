//! The kinds of panels, and what can be said of one.

use serde_json::{Value, json};

use super::{
    links::link_to,
    model::{
        DataSource, Field, FieldConfig, GridPos, Matcher, Override, Panel, Property, Step, Target,
        Thresholds, Transformation,
    },
    palette::{self, Colours, GREEN},
    scope::step_of_now,
};
use crate::monitoring::query::Query;

/// The data source that is chosen above the board.
pub(super) const CHOSEN_SOURCE: DataSource = DataSource { kind: "prometheus", uid: "${datasource}" };

/// What values mean, in Grafana's words.
pub(super) mod unit {
    /// 0 to 1, shown as per cent.
    pub(in super::super) const RATIO: &str = "percentunit";
    /// Seconds.
    pub(in super::super) const SECONDS: &str = "s";
    /// Bytes.
    pub(in super::super) const BYTES: &str = "bytes";
    /// A number of things.
    pub(in super::super) const COUNT: &str = "short";
    /// Things per second.
    pub(in super::super) const PER_SECOND: &str = "ops";
    /// Calls per second.
    pub(in super::super) const CALLS: &str = "reqps";
    /// A moment, in milliseconds since 1970.
    pub(in super::super) const MOMENT: &str = "dateTimeFromNow";
}

/// So many points that their distance plays no part in the window of a rate, with a quarter of a year shown. What asks for
/// one value gets one, whatever is said here.
const POINTS_OF_NOW: u32 = 100_000;

/// Letters for the queries of a panel.
const REFS: &str = "ABCDEFGHIJKL";

/// Lines over time.
pub(super) fn lines(title: &'static str, unit: &'static str, description: &str) -> Panel {
    let options = json!({
        "legend": {
            "displayMode": "table", "placement": "bottom", "showLegend": true,
            "calcs": ["mean", "max", "lastNotNull"],
        },
        "tooltip": { "mode": "multi", "sort": "desc" },
    });
    let custom = json!({
        "drawStyle": "line", "lineWidth": 1, "fillOpacity": 0, "showPoints": "never", "spanNulls": false,
        "axisSoftMin": 0, "stacking": { "mode": "none", "group": "A" }, "thresholdsStyle": { "mode": "off" },
    });
    Panel::new("timeseries", title, description, field(unit, custom), options).sized(12, 8)
}

/// One value, large: that of the present. The last one of a range would outlive the gateway that told it.
pub(super) fn stat(title: &'static str, unit: &'static str, description: &str) -> Panel {
    let options = json!({
        "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
        "colorMode": "background", "graphMode": "none", "justifyMode": "auto", "orientation": "auto",
        "textMode": "auto", "wideLayout": true,
        "showPercentChange": false, "percentChangeColorMode": "standard",
    });
    let mut panel = Panel::new("stat", title, description, field(unit, json!({})), options).sized(4, 4);
    panel.with_field(|field| field.color = json!({ "mode": "thresholds" }));
    panel
}

/// How many observations fell into each bucket over time.
pub(super) fn heatmap(title: &'static str, unit: &'static str, description: &str) -> Panel {
    let options = json!({
        "calculate": false,
        "color": {
            "mode": "scheme", "scheme": "Oranges", "scale": "exponential", "exponent": 0.5, "steps": 64,
            "reverse": false, "fill": "dark-orange",
        },
        "yAxis": { "unit": unit, "axisPlacement": "left", "reverse": false },
        "cellGap": 1, "showValue": "never", "rowsFrame": { "layout": "auto" },
        "filterValues": { "le": 1e-9 }, "exemplars": { "color": "rgba(255,0,255,0.7)" },
        "legend": { "show": true },
        "tooltip": { "mode": "single", "yHistogram": true, "showColorScale": true },
    });
    let custom = json!({ "scaleDistribution": { "type": "linear" } });
    Panel::new("heatmap", title, description, field(unit, custom), options).sized(12, 8)
}

/// The last values, one line for each group.
pub(super) fn table(title: &'static str, unit: &'static str, description: &str) -> Panel {
    let options = json!({ "showHeader": true, "cellHeight": "sm", "frameIndex": 0 });
    let custom = json!({ "align": "auto", "filterable": true, "cellOptions": { "type": "auto" } });
    Panel::new("table", title, description, field(unit, custom), options).sized(24, 8)
}

/// Words, in Markdown.
pub(super) fn text(title: &'static str, content: &str) -> Panel {
    let options = json!({ "mode": "markdown", "content": content });
    Panel { options, ..Panel::heading(title) }.of_kind("text").sized(24, 3)
}

fn field(unit: &'static str, custom: Value) -> Field {
    Field {
        unit,
        min: None,
        max: None,
        no_value: None,
        color: json!({ "mode": "palette-classic" }),
        thresholds: steps(GREEN, &[]),
        mappings: Vec::new(),
        custom,
    }
}

fn steps(below: &'static str, from: &[(f64, &'static str)]) -> Thresholds {
    let first = Step { color: below, value: None };
    let rest = from.iter().map(|&(value, color)| Step { color, value: Some(value) });
    Thresholds { mode: "absolute", steps: std::iter::once(first).chain(rest).collect() }
}

impl Panel {
    fn new(kind: &'static str, title: &'static str, description: &str, field: Field, options: Value) -> Self {
        Self {
            description: description.to_owned(),
            datasource: Some(CHOSEN_SOURCE),
            field_config: Some(FieldConfig { defaults: field, overrides: Vec::new() }),
            options,
            ..Self::heading(title)
        }
        .of_kind(kind)
    }

    /// A heading between panels.
    pub(super) fn heading(title: &'static str) -> Self {
        Self {
            id: 0,
            kind: "row",
            title,
            description: String::new(),
            datasource: None,
            grid_pos: GridPos::default(),
            max_data_points: None,
            targets: Vec::new(),
            field_config: None,
            options: Value::Null,
            transformations: Vec::new(),
            links: Vec::new(),
            collapsed: Some(false),
            panels: Some(Vec::new()),
        }
    }

    fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, collapsed: None, panels: None, ..self }
    }

    /// So many columns wide and lines high.
    pub(super) fn sized(mut self, w: u32, h: u32) -> Self {
        self.grid_pos = GridPos { h, w, ..GridPos::default() };
        self
    }

    /// Asks this, and calls the series so.
    pub(super) fn ask(mut self, query: &Query, legend: impl Into<String>) -> Self {
        let ref_id = REFS.chars().nth(self.targets.len()).unwrap_or('Z').to_string();
        let format = match self.kind {
            "table" => "table",
            "heatmap" => "heatmap",
            _ => "time_series",
        };
        let instant = matches!(self.kind, "table" | "stat");
        let interval = if instant { step_of_now(query) } else { None };
        self.max_data_points = self.max_data_points.or(interval.and(Some(POINTS_OF_NOW)));
        self.targets.push(Target {
            ref_id,
            datasource: CHOSEN_SOURCE,
            expr: query.to_string(),
            interval,
            legend_format: legend.into(),
            format,
            range: !instant,
            instant,
            exemplar: false,
            editor_mode: "code",
        });
        self
    }

    /// Marks traces of single calls.
    pub(super) fn exemplars(mut self) -> Self {
        for target in &mut self.targets {
            target.exemplar = true;
        }
        self
    }

    /// Draws lines where values begin to matter; below the first of them they have the colour `below`.
    pub(super) fn thresholds(mut self, below: &'static str, from: &[(f64, &'static str)]) -> Self {
        let lines = self.kind == "timeseries";
        self.with_field(|field| {
            field.thresholds = steps(below, from);
            if lines && let Some(style) = field.custom.get_mut("thresholdsStyle") {
                *style = json!({ "mode": "dashed" });
            }
        });
        self
    }

    /// Stacks the series.
    pub(super) fn stacked(mut self) -> Self {
        self.set_custom("stacking", json!({ "mode": "normal", "group": "A" }));
        self.set_custom("fillOpacity", json!(60));
        self
    }

    /// Stacks the series as shares of their sum.
    pub(super) fn stacked_to_the_full(mut self) -> Self {
        self.set_custom("stacking", json!({ "mode": "percent", "group": "A" }));
        self.set_custom("fillOpacity", json!(60));
        self
    }

    /// Puts the legend to the right, where a panel is too low for one below it.
    pub(super) fn legend_beside(mut self) -> Self {
        let legend = json!({ "displayMode": "list", "placement": "right", "showLegend": true, "calcs": [] });
        self.set_option("legend", legend);
        self
    }

    /// An axis from one value to another.
    pub(super) fn between(mut self, min: f64, max: f64) -> Self {
        self.with_field(|field| (field.min, field.max) = (Some(min), Some(max)));
        self
    }

    /// Said where there is no value.
    pub(super) fn or_else(mut self, words: &'static str) -> Self {
        self.with_field(|field| field.no_value = Some(words));
        self
    }

    /// Gives the series of these names these colours.
    pub(super) fn coloured(mut self, colours: &Colours) -> Self {
        self.field_config.iter_mut().for_each(|config| config.overrides.extend(palette::overrides(colours)));
        self
    }

    /// Shows the name of the series beside its value.
    pub(super) fn named(mut self) -> Self {
        self.set_option("textMode", json!("value_and_name"));
        self
    }

    /// One line of a table for each group of labels: columns of the queries get these names and units.
    pub(super) fn columns(mut self, group: &str, columns: &[(&str, &'static str)]) -> Self {
        let values =
            REFS.chars().zip(columns).map(|(letter, (name, _))| (format!("Value #{letter}"), json!(name)));
        let names: serde_json::Map<_, _> =
            values.chain([(group.to_owned(), json!(capitalised(group)))]).collect();
        let organised =
            json!({ "excludeByName": { "Time": true }, "renameByName": names, "indexByName": {} });
        self.transformations = vec![
            Transformation { id: "merge", options: json!({}) },
            Transformation { id: "organize", options: organised },
        ];
        let overrides = columns.iter().map(|&(name, unit)| Override {
            matcher: Matcher { id: "byName", options: name.to_owned() },
            properties: vec![Property { id: "unit", value: json!(unit) }],
        });
        self.field_config.iter_mut().for_each(|config| config.overrides.extend(overrides.clone()));
        self
    }

    /// Leaves columns of a table out.
    pub(super) fn without(mut self, columns: &[&str]) -> Self {
        let columns: serde_json::Map<_, _> =
            columns.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
        let options = json!({ "excludeByName": columns, "renameByName": {}, "indexByName": {} });
        self.transformations = vec![Transformation { id: "organize", options }];
        self
    }

    /// Colours the cells of a column.
    pub(super) fn judged(self, column: &str, below: &'static str, from: &[(f64, &'static str)]) -> Self {
        let properties = vec![
            Property { id: "thresholds", value: json!(steps(below, from)) },
            Property { id: "color", value: json!({ "mode": "thresholds" }) },
            Property {
                id: "custom.cellOptions",
                value: json!({ "type": "color-background", "mode": "gradient" }),
            },
        ];
        self.overridden(column, properties)
    }

    /// Gives one of several values thresholds of its own.
    pub(super) fn value_thresholds(
        self,
        value: &str,
        below: &'static str,
        from: &[(f64, &'static str)],
    ) -> Self {
        self.overridden(value, vec![Property { id: "thresholds", value: json!(steps(below, from)) }])
    }

    fn overridden(mut self, name: &str, properties: Vec<Property>) -> Self {
        if let Some(config) = &mut self.field_config {
            let matcher = Matcher { id: "byName", options: name.to_owned() };
            config.overrides.push(Override { matcher, properties });
        }
        self
    }

    /// Says which board to look at next.
    pub(super) fn leads_to(mut self, uid: &str, title: &str) -> Self {
        self.links.push(link_to(uid, title));
        self
    }

    fn with_field(&mut self, change: impl FnOnce(&mut Field)) {
        if let Some(config) = &mut self.field_config {
            change(&mut config.defaults);
        }
    }

    fn set_custom(&mut self, name: &str, value: Value) {
        self.with_field(|field| {
            if let Some(custom) = field.custom.as_object_mut() {
                custom.insert(name.to_owned(), value);
            }
        });
    }

    fn set_option(&mut self, name: &str, value: Value) {
        if let Some(options) = self.options.as_object_mut()
            && options.contains_key(name)
        {
            options.insert(name.to_owned(), value);
        }
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
