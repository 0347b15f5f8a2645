//! Whether, when and where to attempt.
//!
//! [`plan`] decides for one flight and is pure: time and randomness are arguments. What flights share
//! ([`retry_budget`], [`pace`]) are small state machines. [`driver`] is the only part that awaits.

pub mod backoff;
pub mod budget;
pub mod classify;
pub mod driver;
pub mod interest;
pub mod log;
pub mod pace;
pub mod plan;
pub mod policy;
pub mod pushback;
pub mod retry_budget;
pub mod shares;
pub mod target;
pub mod traffic;

pub use driver::{Flight, Landing};
pub use interest::Gathering;
pub use policy::{BackoffPolicy, BudgetPolicy, Policy};
pub use target::Target;
