//! Fault scripts: what the simulator does wrong, when, and to whom.
//!
//! A [`Script`] is built in code or read from TOML. It is an ordered list of rules, each a [`Fault`] and the
//! conditions under which it strikes:
//!
//! ```toml
//! seed    = 7                     # of all chance below; a seed given at the start wins
//! latency = { kind = "lognormal", median = "40ms", p99 = "400ms" }   # before every reply
//! capacity = { concurrent = 8, over = "503" }                        # or over = "queue"
//!
//! [[fault]]                       # the first two arrivals of each text: slow down
//! fault = "status"
//! status = 429
//! retry_after = "2s"
//! first = 2
//! per_text = true
//!
//! [[fault]]                       # one arrival in twenty dies in mid-body
//! fault = "cut"
//! share = 0.05
//!
//! [[fault]]                       # a brown-out, ten seconds long
//! fault = "slow"
//! delay = { kind = "uniform", min = "800ms", max = "3s" }
//! after = "10s"
//! until = "20s"
//! ```
//!
//! # Which rule strikes
//!
//! An arrival gets the fault of the **first** rule all of whose conditions hold, else a true answer. A rule
//! counts only the arrivals that no earlier rule has taken and that pass its `match`, `after` and `until`.
//! Chance depends on the seed and the arrival's number since the script was set, on nothing else: the same
//! seed and the same order of arrivals give the same faults.
//!
//! | condition | holds |
//! |---|---|
//! | `share = 0.05` | with this probability, from 0 to 1 |
//! | `first = 2` | for the first 2 arrivals that the rule counts |
//! | `every = 3` | for the 3rd, 6th, 9th … that the rule counts |
//! | `per_text = true` | makes `first` and `every` count each distinct text apart |
//! | `after = "10s"`, `until = "20s"` | in this window of time, from when the script was set |
//! | `match = "Lovelace"` | when the text contains this |
//!
//! # Faults
//!
//! | `fault` | does | its keys (default) |
//! |---|---|---|
//! | `status` | answers with an HTTP status and an error | `status`, and those of errors below |
//! | `error_body` | answers 200 with an error in the body | those of errors below |
//! | `silent` | reads the request and never answers | |
//! | `stall` | sends the head of a true answer, never its body | |
//! | `drip` | sends a true answer drop by drop | `bytes` (1), `every_drop` ("1s") |
//! | `slow` | answers truly, after its `delay` | |
//! | `reset` | resets the connection (RST) | |
//! | `close` | closes the connection (FIN) without an answer | |
//! | `cut` | breaks off after half of the declared body | |
//! | `endless_headers` | sends header lines without end (HTTP/1.1) | `bytes` (64 MiB) until it closes |
//! | `malformed` | answers with broken JSON | `place` ("body"), `echo` |
//! | `deep_json` | answers with deeply nested arrays | `depth` (10000), `place` ("body") |
//! | `invalid_utf8` | answers truly but for one byte that is no UTF-8 | |
//! | `wrong_content_type` | answers truly, as `text/plain` | |
//! | `html` | answers 200 with an HTML page | `echo` |
//! | `huge` | answers with an endless-looking body | `bytes` (64 MiB) |
//! | `prose` | answers in words, without JSON | `echo` |
//! | `wrong_schema` | answers with JSON that violates the schema | |
//! | `invented` | adds an entity that is not in the text | |
//! | `zero_entities` | answers validly that there is nothing | |
//! | `truncated` | cuts the content in half, `finish_reason` is `length` | |
//! | `refused` | answers with a refusal | `echo` |
//! | `empty` | answers with empty content | `null` (false): content is `null`, not `""` |
//!
//! `place` is `"body"`, or `"content"` for the model's answer within a well-formed body.
//!
//! **Errors** (`status`, `error_body`) take `type`, `code` and `message` of the error object (by default such
//! as the status suggests; `code = "insufficient_quota"` is a 429 that waiting won't cure), or the whole
//! `body`; `retry_after = "1500ms"`; `retry_after_form`, one of `"seconds"` (default: rounded up), `"date"`
//! (an HTTP date), `"ms"` (`retry-after-ms`), `"none"` and `"raw:…"` (this very text, whatever it is); `echo`.
//!
//! **Every fault** takes `delay`, a latency on top of the script's; those that answer take `headers`, a table
//! such as `{ x-should-retry = "false" }`, which win over the reply's own.
//!
//! **`echo = true`** throws the text and the `authorization` header back, in the body, in its ids and model
//! name, and in the headers `x-request-id`, `x-echo` and `x-echo-base64`: bait for whatever leaks.
//!
//! # Latency and capacity
//!
//! A latency is `"40ms"`, `{ kind = "uniform", min = "20ms", max = "60ms" }` or
//! `{ kind = "lognormal", median = "40ms", p99 = "400ms" }`, at most [`DELAY_MAX`]. With `capacity`, at most
//! `concurrent` arrivals are served at once; others wait (`over = "queue"`) or get a 503 (`over = "503"`),
//! which the log calls the fault `capacity`.

mod fault;
mod keys;
mod latency;
mod parse;

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

pub use self::{
    fault::{ErrorReply, Fault, Place, RetryAfter},
    keys::ScriptError,
    latency::{DELAY_MAX, Latency},
};

/// What a simulator does wrong. The default does nothing wrong, at once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Script {
    /// Seeds all chance, unless a seed was given at the simulator's start.
    pub seed: Option<u64>,
    /// Passes before every reply, faulty or not.
    pub latency: Option<Latency>,
    /// How much is served at once.
    pub capacity: Option<Capacity>,
    /// Asked in order: the first one that holds takes the arrival.
    pub rules: Vec<Rule>,
}

impl Script {
    /// A script of these rules.
    pub fn of(rules: impl IntoIterator<Item = Rule>) -> Script {
        Script { rules: rules.into_iter().collect(), ..Script::default() }
    }

    /// Reads the TOML form that [this module](self) describes. An error names the key at fault.
    pub fn from_toml(text: &str) -> Result<Script, ScriptError> {
        parse::script(text)
    }

    /// With this latency before every reply.
    #[must_use]
    pub fn latency(self, latency: Latency) -> Script {
        Script { latency: Some(latency), ..self }
    }

    /// With a finite capacity.
    #[must_use]
    pub fn capacity(self, concurrent: usize, over: Over) -> Script {
        Script { capacity: Some(Capacity { concurrent, over }), ..self }
    }

    /// With this seed, unless one is given at the simulator's start.
    #[must_use]
    pub fn seed(self, seed: u64) -> Script {
        Script { seed: Some(seed), ..self }
    }
}

/// A finite capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Arrivals served at once.
    pub concurrent: usize,
    /// What happens to the others.
    pub over: Over,
}

/// What happens to an arrival over the capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// It gets a 503.
    Refuse,
    /// It waits for its turn.
    Queue,
}

/// A fault and the conditions under which it strikes; all of them must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What happens.
    pub fault: Fault,
    /// The probability, from 0 to 1.
    pub share: f64,
    /// Only the first so many.
    pub first: Option<u64>,
    /// Only each n-th.
    pub every: Option<u64>,
    /// `first` and `every` count each distinct text apart.
    pub per_text: bool,
    /// Only from this long after the script was set.
    pub after: Duration,
    /// Only until this long after the script was set.
    pub until: Option<Duration>,
    /// Only texts that contain this.
    pub matching: Option<String>,
    /// Passes before the fault acts, after the script's latency.
    pub delay: Option<Latency>,
    /// Set on the reply, instead of its own ones of the same name.
    pub headers: HeaderMap,
    /// Throws the text and the credential back; heeded by the faults that the [module](self) lists.
    pub echo: bool,
}

impl Rule {
    /// The fault for every arrival.
    pub fn new(fault: Fault) -> Rule {
        Rule {
            fault,
            share: 1.0,
            first: None,
            every: None,
            per_text: false,
            after: Duration::ZERO,
            until: None,
            matching: None,
            delay: None,
            headers: HeaderMap::new(),
            echo: false,
        }
    }

    /// With this probability only, from 0 to 1.
    #[must_use]
    pub fn share(self, share: f64) -> Rule {
        Rule { share, ..self }
    }

    /// For the first `count` arrivals only.
    #[must_use]
    pub fn first(self, count: u64) -> Rule {
        Rule { first: Some(count), ..self }
    }

    /// For each `count`-th arrival only.
    #[must_use]
    pub fn every(self, count: u64) -> Rule {
        Rule { every: Some(count), ..self }
    }

    /// Counting each distinct text apart.
    #[must_use]
    pub fn per_text(self) -> Rule {
        Rule { per_text: true, ..self }
    }

    /// From this long after the script was set.
    #[must_use]
    pub fn after(self, after: Duration) -> Rule {
        Rule { after, ..self }
    }

    /// Until this long after the script was set.
    #[must_use]
    pub fn until(self, until: Duration) -> Rule {
        Rule { until: Some(until), ..self }
    }

    /// For texts that contain `part` only.
    #[must_use]
    pub fn matching(self, part: impl Into<String>) -> Rule {
        Rule { matching: Some(part.into()), ..self }
    }

    /// After this latency, on top of the script's.
    #[must_use]
    pub fn delay(self, delay: Latency) -> Rule {
        Rule { delay: Some(delay), ..self }
    }

    /// With this header on the reply.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Rule {
        self.headers.append(name, value);
        self
    }

    /// Throwing the text and the credential back.
    #[must_use]
    pub fn echo(self) -> Rule {
        Rule { echo: true, ..self }
    }
}
