//! The boards in `grafana/dashboards`: what the generator makes, sound JSON for Grafana, and only questions that the
//! catalogue can answer.
//!
//! The rules with a name that ends in `-rule` are those of Grafana's dashboard-linter, which wants Go.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod board;
mod choices;
mod coverage;
mod exclusions;
mod files;
mod limits;
mod panels;
mod promql;
mod provisioning;
mod rules;
mod targets;
mod variables;
mod vocabulary;
mod windows;
