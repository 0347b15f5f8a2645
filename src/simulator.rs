//! The flaky AI API used by the demo, the tests and the benches.

pub mod script;
