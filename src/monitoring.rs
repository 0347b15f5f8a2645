//! What watches gateways from outside: dashboards for Grafana, recording and alert rules for Prometheus.
//!
//! Made from the catalogue of metrics, so that no query can name a metric or a label that does not exist.

pub mod dashboards;
pub mod query;
pub mod rules;
