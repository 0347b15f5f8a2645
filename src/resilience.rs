//! Whether, when and where to attempt.
//!
//! [`plan`] decides for one flight and is pure: time and randomness are arguments. What flights share
//! ([`budget`], [`pace`]) are small state machines. [`driver`] is the only part that awaits.

pub mod classify;
pub mod policy;
pub mod pushback;

pub use policy::{BackoffPolicy, BudgetPolicy, Policy};
