//! What answers are worth.

use super::{Metric, counter};
use crate::telemetry::catalogue::labels::{ALIGNMENT, PROFILE, VALIDATION};

catalogue! { "Answers":
    VALIDATION_TOTAL = counter("tidegate.extract.validation", &[PROFILE, VALIDATION],
        "Answers held against their schema.");
    ENTITIES_TOTAL = counter("tidegate.extract.entities", &[PROFILE, ALIGNMENT],
        "Entities of valid answers, by how well they stand in the text.");
}
