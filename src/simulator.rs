//! The flaky AI API used by the demo, the tests and the benches.

mod entities;
mod instance;
mod openai;
pub mod script;
