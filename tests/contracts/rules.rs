//! What may stand where, as data. A new rule is a new row with a breach that proves it bites.

/// Something a source must not hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    /// A path into this crate.
    Crate(&'static str),
    /// A path into any crate of this family: `tonic` is `tonic`, `tonic_types`, …
    Family(&'static str),
    /// These segments, one after the other, anywhere in a path.
    Path(&'static str),
    /// A method of this name, or `.await`.
    Method(&'static str),
    /// A macro of this name.
    Macro(&'static str),
    /// This word.
    Word(&'static str),
}

use Mark::{Crate, Family, Macro, Method, Path, Word};

/// An invariant.
pub(super) struct Rule {
    pub(super) name: &'static str,
    /// Where it holds; empty: everywhere.
    pub(super) inside: &'static [&'static str],
    /// Where it does not, all the same.
    pub(super) but: &'static [&'static str],
    pub(super) forbids: &'static [Mark],
    /// Why, and what to do instead.
    pub(super) instead: &'static str,
    /// What must be found in a file it holds for.
    pub(super) breach: &'static str,
}

const EVERYWHERE: &[&str] = &[];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "wire",
        inside: EVERYWHERE,
        but: &["lib", "grpc", "app", "cli"],
        forbids: &[Family("tonic")],
        instead: "the wire ends at grpc: say it in the words of extraction, and let grpc translate",
        breach: "fn f() { m!(tonic::Code::Ok) }",
    },
    Rule {
        name: "tower",
        inside: EVERYWHERE,
        but: &["grpc"],
        forbids: &[Crate("tower"), Crate("tower_http")],
        instead: "layers stand at the server's edge only; inside, call the next stage (docs/adr/0002)",
        breach: "use tower::Service;",
    },
    Rule {
        name: "http client",
        inside: EVERYWHERE,
        but: &["upstream/http"],
        forbids: &[Crate("reqwest")],
        instead: "send through upstream::http, where retries, redirects and proxies are set",
        breach: "use reqwest as r; fn f() { r::Client::new(); }",
    },
    Rule {
        name: "http server",
        inside: EVERYWHERE,
        but: &["admin"],
        forbids: &[Crate("axum")],
        instead: "serve over HTTP in admin",
        breach: "use axum::Router;",
    },
    Rule {
        name: "dialects",
        inside: EVERYWHERE,
        but: &["upstream", "app"],
        forbids: &[Path("crate::upstream::http"), Path("crate::upstream::openai")],
        instead: "speak to the trait upstream::Upstream; only app picks the dialect",
        breach: "use crate::upstream::openai::OpenAi;",
    },
    Rule {
        name: "instruments",
        inside: EVERYWHERE,
        but: &["telemetry/metrics"],
        forbids: &[
            Crate("metrics"),
            Method("register_counter"),
            Method("register_gauge"),
            Method("register_histogram"),
            Method("u64_counter"),
            Method("f64_counter"),
            Method("f64_gauge"),
            Method("f64_histogram"),
        ],
        instead: "tell the observer an Event, and let telemetry::metrics count it",
        breach: "fn f() { metrics::counter!(\"x\").increment(1) }",
    },
    Rule {
        name: "statuses",
        inside: EVERYWHERE,
        but: &["grpc/status"],
        forbids: &[
            Path("Status::new"),
            Path("Status::with_details"),
            Path("Status::with_metadata"),
            Path("Status::with_details_and_metadata"),
            Path("Status::with_error_details"),
            Path("Status::with_error_details_and_metadata"),
            Path("Status::from_error"),
            Path("Status::cancelled"),
            Path("Status::deadline_exceeded"),
            Path("Status::internal"),
            Path("Status::invalid_argument"),
            Path("Status::not_found"),
            Path("Status::resource_exhausted"),
            Path("Status::unauthenticated"),
            Path("Status::unavailable"),
            Path("Status::unimplemented"),
            Path("Status::unknown"),
        ],
        instead: "return an ExtractError; grpc::status maps it, with reason and details",
        breach: "use tonic::Status as S; fn f() -> S { S::internal(\"no\") }",
    },
    Rule {
        name: "spawning",
        inside: EVERYWHERE,
        // The simulator ends its connections itself; the demo's callers end before the demo does; the metrics
        // only ask the runtime how it is.
        but: &["tasks", "simulator", "cli/demo", "telemetry/metrics/runtime"],
        forbids: &[
            Path("tokio::spawn"),
            Path("task::spawn"),
            Path("task::spawn_local"),
            Path("task::JoinSet"),
            Path("task::TaskTracker"),
            Path("runtime::Handle"),
        ],
        instead: "spawn with tasks::Tasks, or shutdown can't wait for it",
        breach: "use tokio::task::JoinSet;",
    },
    Rule {
        name: "threads",
        inside: EVERYWHERE,
        // To render metrics and to export at the end takes long; log lines are written by one thread.
        but: &["admin", "telemetry/setup", "telemetry/logs"],
        forbids: &[Path("thread::spawn"), Path("thread::Builder"), Path("task::spawn_blocking")],
        instead: "do it in a task; what blocks for long has a limit and a place named here",
        breach: "fn f() { tokio::task::spawn_blocking(|| ()); }",
    },
    Rule {
        name: "pure resilience",
        inside: &["resilience"],
        but: &["resilience/driver"],
        forbids: &[
            Word("async"),
            Method("await"),
            Path("Instant::now"),
            Method("elapsed"),
            Path("time::sleep"),
        ],
        instead: "take the time as an argument; only driver awaits (docs/adr/0003)",
        breach: "fn f() { let now = tokio::time::Instant::now(); }",
    },
    Rule {
        name: "never waits",
        inside: &["extraction", "admission"],
        but: &[],
        forbids: &[
            Word("async"),
            Method("await"),
            Path("std::fs"),
            Path("std::net"),
            Path("tokio::fs"),
            Path("tokio::net"),
        ],
        instead: "the domain's words and the door do no I/O and wait for nobody; do it in the stage that needs it",
        breach: "use std::fs;",
    },
    Rule {
        name: "wall clock",
        inside: EVERYWHERE,
        but: &["clock", "simulator/epoch"],
        forbids: &[Path("SystemTime::now")],
        instead: "take a clock::WallClock, which tests can set",
        breach: "use std::time; fn f() { time::SystemTime::now(); }",
    },
    Rule {
        name: "randomness",
        inside: EVERYWHERE,
        but: &["pipeline/seeds"],
        forbids: &[Path("rand::rng"), Path("rand::random"), Path("rngs::ThreadRng"), Path("rngs::SysRng")],
        instead: "take the generator as an argument, so that a seed repeats the run",
        breach: "fn f() { let x: u8 = rand::random(); }",
    },
    Rule {
        name: "environment",
        inside: EVERYWHERE,
        but: &["config"],
        forbids: &[
            Path("env::var"),
            Path("env::var_os"),
            Path("env::vars"),
            Path("env::vars_os"),
            Path("env::set_var"),
        ],
        instead: "read it in config, where check-config shows it",
        breach: "use std::env::var_os;",
    },
    Rule {
        name: "spans",
        inside: EVERYWHERE,
        but: &["telemetry/spans"],
        forbids: &[
            Macro("span"),
            Macro("error_span"),
            Macro("warn_span"),
            Macro("info_span"),
            Macro("debug_span"),
            Macro("trace_span"),
            Path("tracing::instrument"),
        ],
        instead: "ask telemetry::spans for it, where names and attributes are decided",
        breach: "fn f() { let span = info_span!(\"call\"); }",
    },
    Rule {
        name: "log lines",
        inside: EVERYWHERE,
        but: &["telemetry"],
        forbids: &[
            Macro("error"),
            Macro("warn"),
            Macro("info"),
            Macro("debug"),
            Macro("trace"),
            Macro("event"),
        ],
        instead: "tell the observer an Event; telemetry::logs writes the line",
        breach: "fn f() { tracing::info!(\"hello\") }",
    },
    Rule {
        name: "terminal",
        inside: EVERYWHERE,
        but: &["cli", "main"],
        forbids: &[Macro("print"), Macro("println"), Macro("eprint"), Macro("eprintln"), Macro("dbg")],
        instead: "only the command line talks to the terminal",
        breach: "fn f() { println!(\"hello\") }",
    },
    Rule {
        name: "unsafe",
        inside: EVERYWHERE,
        but: &[],
        forbids: &[Word("unsafe")],
        instead: "find a safe way",
        breach: "unsafe fn f() {}",
    },
];
