//! Dashboards for Grafana, one file per board.
//!
//! A new part of the gateway brings a row: a function in the board that it belongs to, and its place in that
//! board's list of rows. A new board is a file and its place in [`all`]. Positions, ids, variables, links and
//! marks come by themselves; `tests/dashboards` holds every panel to the same rules.

mod answers;
mod board;
mod cache;
mod choices;
mod figures;
mod grid;
mod limits;
mod links;
mod model;
mod overview;
mod palette;
mod panels;
mod retries;
mod runtime;
mod scope;
mod slo;
mod upstreams;

pub use grid::COLUMNS;
pub use model::{Dashboard, SCHEMA_VERSION};

use limits::Limits;

use super::rules::Thresholds;

/// Where the runbook stands, for those who did not say.
const RUNBOOK: &str = "`docs/runbook.md`, among Tidegate's sources";

/// What a team can have its own way.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where the runbook can be read.
    pub runbook_base: Option<String>,
    /// What its rules are made with: figures change colour where alerts count.
    pub thresholds: Thresholds,
}

/// What every board is made from.
struct Brief {
    /// What leads to the runbook.
    runbook: String,
    limits: Limits,
}

/// Every board, in the order of a first visit.
pub fn all(options: &Options) -> Vec<Dashboard> {
    let runbook = match &options.runbook_base {
        Some(url) => format!("[{url}]({url})"),
        None => RUNBOOK.to_owned(),
    };
    let boards = [
        overview::overview,
        retries::retries,
        upstreams::upstreams,
        cache::cache,
        answers::answers,
        slo::slo,
        runtime::runtime,
    ];
    let brief = Brief { runbook, limits: Limits(options.thresholds) };
    boards.iter().map(|board| board(&brief)).collect()
}

impl Dashboard {
    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("{}.json", self.uid)
    }

    /// The file, as Grafana imports it.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }
}
