//! Renders `docs/telemetry.md` from the catalogue.

mod series;

use std::fmt::Write;

use super::catalogue::{self, Kind, Label, Metric, Values};

const INTRODUCTION: &str = include_str!("document/introduction.md");
const COLUMNS: &str = "| Metric | Type | Unit | Labels | Meaning |\n| --- | --- | --- | --- | --- |\n";
const REST: &str = include_str!("document/rest.md");

/// The whole document. A test holds the file equal to it.
pub fn telemetry_md() -> String {
    let mut page = String::from(INTRODUCTION);
    for section in catalogue::SECTIONS {
        // Writing to a string can't fail, here and below.
        let _ = write!(page, "\n### {}\n\n{COLUMNS}", section.title);
        page.extend(section.metrics.iter().map(|metric| row(metric)));
    }
    page.push_str("\n### Values of labels\n\n| Label | Values |\n| --- | --- |\n");
    page.push_str(&labels());
    page.push_str("\n### Buckets\n\n| Metric | Upper bounds | Series |\n| --- | --- | --- |\n");
    for metric in catalogue::ALL {
        if let Kind::Histogram(buckets) = metric.kind {
            let bounds: Vec<String> = buckets.iter().map(f64::to_string).collect();
            let (name, bounds) = (metric.prometheus_name(), bounds.join(", "));
            let _ = writeln!(page, "| `{name}` | {bounds} | {} |", metric.series_each());
        }
    }
    page.push_str("\n### How many series\n\n");
    page.push_str(&series::table());
    page.push('\n');
    page.push_str(REST);
    page
}

fn row(metric: &Metric) -> String {
    let kind = match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram(_) => "histogram",
    };
    let unit = metric.unit.ucum();
    let labels: Vec<String> = metric.labels.iter().map(label_name).collect();
    let name = metric.prometheus_name();
    format!("| `{name}` | {kind} | {unit} | {} | {} |\n", labels.join(", "), metric.help)
}

fn label_name(label: &Label) -> String {
    let question = if label.optional { "?" } else { "" };
    format!("`{}`{question}", label.prometheus_name())
}

/// Each distinct label once, in alphabetical order; one that means different things has several rows.
fn labels() -> String {
    let mut rows: Vec<String> = catalogue::ALL
        .iter()
        .flat_map(|metric| metric.labels)
        .map(|label| format!("| `{}` | {} |\n", label.prometheus_name(), values(label)))
        .collect();
    rows.sort();
    rows.dedup();
    rows.concat()
}

fn values(label: &Label) -> String {
    match label.values {
        Values::Closed(values) => {
            values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
        }
        Values::Upstream => "the name of a configured upstream, else `other`".to_owned(),
        Values::Profile => "the name of a configured profile or `inline`, else `other`".to_owned(),
        Values::SchemaPointer => {
            "a place in the schema of a configured profile, one of its first 64; else `other`, and for `inline` always"
                .to_owned()
        }
        Values::Endpoint => "as configured for an upstream".to_owned(),
        Values::RpcMethod => "`package.Service/Method` of this server, else `_OTHER`".to_owned(),
        Values::RpcStatus => "the name of a gRPC status, for example `DEADLINE_EXCEEDED`".to_owned(),
        Values::HttpStatus => "the HTTP status, 100 to 599, else `other`".to_owned(),
        Values::Build => "as it was built".to_owned(),
    }
}
