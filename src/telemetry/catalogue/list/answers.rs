//! What answers are worth.

use super::{Metric, Unit, counter};
use crate::telemetry::catalogue::labels::{ALIGNMENT, PROFILE, VALIDATION};

catalogue! { "Answers":
    VALIDATION_TOTAL = counter("tidegate.extract.validation", Unit::Count("{answer}"), &[PROFILE, VALIDATION],
        "Answers held against their schema.");
    ENTITIES_TOTAL = counter("tidegate.extract.entities", Unit::Count("{entity}"), &[PROFILE, ALIGNMENT],
        "Entities of valid answers, by how well they stand in the text.");
}
