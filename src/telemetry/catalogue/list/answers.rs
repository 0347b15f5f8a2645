//! What answers are worth.

use super::{Metric, Unit, counter};
use crate::telemetry::catalogue::labels::{ALIGNMENT, FINISH, KEYWORD, POINTER, PROFILE, READ, REPAIR_WITHHELD, UPSTREAM, VALIDATION};

catalogue! { "Answers":
    VALIDATION_TOTAL = counter("tidegate.extract.validation", Unit::Count("{answer}"), &[PROFILE, VALIDATION],
        "Answers held against their schema.");
    ANSWERS_READ = counter("tidegate.extract.answers_read", Unit::Count("{answer}"), &[UPSTREAM, READ],
        "Answers whose JSON was found, by the forms in which it was; one with several forms counts for each.");
    FINISHES = counter("tidegate.upstream.finish", Unit::Count("{answer}"), &[UPSTREAM, FINISH],
        "Answers by why their model stopped; other is a word that is not known.");
    SCHEMA_VIOLATIONS = counter("tidegate.extract.schema_violations", Unit::Count("{answer}"), &[PROFILE, POINTER, KEYWORD],
        "Answers against their schema, by the first part of it that they broke.");
    REPAIRS_WITHHELD_TOTAL = counter("tidegate.extract.repairs.withheld", Unit::Count("{repair}"), &[PROFILE, REPAIR_WITHHELD],
        "Answers that a further attempt may have mended, and that were not mended; budget is the tenant's purse for repairs.");
    ENTITIES_TOTAL = counter("tidegate.extract.entities", Unit::Count("{entity}"), &[PROFILE, ALIGNMENT],
        "Entities of valid answers, by how well they stand in the text.");
    ENTITIES_LEFT_OUT = counter("tidegate.extract.entities_left_out", Unit::Count("{entity}"), &[PROFILE],
        "Entities of valid answers that callers do not find in their list of located ones, because a bound was met; counted nowhere else.");
}
