//! What answers are worth.

use super::{Metric, Unit, counter};
use crate::telemetry::catalogue::labels::{ALIGNMENT, PROFILE, REPAIR_WITHHELD, VALIDATION};

catalogue! { "Answers":
    VALIDATION_TOTAL = counter("tidegate.extract.validation", Unit::Count("{answer}"), &[PROFILE, VALIDATION],
        "Answers held against their schema.");
    REPAIRS_WITHHELD_TOTAL = counter("tidegate.extract.repairs.withheld", Unit::Count("{repair}"), &[PROFILE, REPAIR_WITHHELD],
        "Answers that a further attempt may have mended, and that were not mended; budget is the tenant's purse for repairs.");
    ENTITIES_TOTAL = counter("tidegate.extract.entities", Unit::Count("{entity}"), &[PROFILE, ALIGNMENT],
        "Entities of valid answers, by how well they stand in the text.");
}
