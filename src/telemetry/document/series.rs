//! How many series a gateway of some size has.

use std::{fmt::Write as _, sync::Arc};

use crate::telemetry::{
    metrics::{Metrics, series::SERIES_MAX},
    settings::Configured,
};

/// Sizes that are shown: upstreams and profiles, `inline` among them.
const SIZES: [(usize, usize); 3] = [(2, 3), (4, 20), (64, 257)];

/// The table, made by making all instruments of such gateways and counting.
pub(super) fn table() -> String {
    let of_gateway = at_start(0, 0);
    let of_upstream = at_start(1, 0).saturating_sub(of_gateway);
    let of_profile = at_start(0, 1).saturating_sub(of_gateway);
    let mut table = format!(
        "| Of | Series at the start |\n| --- | --- |\n| the gateway | {of_gateway} |\n\
         | each upstream | {of_upstream}, and 3 if it has prices |\n| each profile | {of_profile} |\n"
    );
    for (upstreams, profiles) in SIZES {
        let total = at_start(upstreams, profiles);
        // Writing to a string can't fail.
        let _ = writeln!(table, "| a gateway with {upstreams} upstreams and {profiles} profiles | {total} |");
    }
    let _ = write!(
        table,
        "\nHistograms add what the last column above says for each combination of labels that happens. There are\n\
         never more than {SERIES_MAX}: what comes then has no series and is counted in\n\
         `tidegate_telemetry_series_overflow_total`. Over OTLP a gateway of the largest size sends two MiB at\n\
         once, and with all its histograms more than the four MiB that a collector accepts by default: raise the\n\
         receiver's `max_recv_msg_size_mib`.\n"
    );
    table
}

/// Zero if there were something wrong with the catalogue, which its tests would tell.
fn at_start(upstreams: usize, profiles: usize) -> usize {
    let names = |count: usize| (0..count).map(|n| Arc::from(n.to_string())).collect();
    let configured =
        Configured { upstreams: names(upstreams), profiles: names(profiles), ..Configured::default() };
    Metrics::new(&configured, None).map_or(0, |metrics| metrics.series())
}
