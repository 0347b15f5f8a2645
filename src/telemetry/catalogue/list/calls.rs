//! Calls, and the gRPC requests that bring them.

use super::{Metric, Unit, counter, gauge, histogram};
use crate::telemetry::catalogue::{
    buckets::{LATENCY, OVERHEAD},
    labels::{CACHE, ENTRY, PHASE, PROFILE, RPC_ERROR, RPC_METHOD, RPC_STATUS, RPC_SYSTEM, VERDICT},
};

catalogue! { "Calls":
    CALLS = counter("tidegate.calls", Unit::Count("{call}"), &[ENTRY, PROFILE, VERDICT],
        "Calls, each exactly once, by how they ended.");
    CALLS_LATE = counter("tidegate.calls.deadline_exceeded", Unit::Count("{call}"), &[PROFILE, PHASE],
        "Calls with the verdict deadline_exceeded, by what they were doing when their deadline passed.");
    CALL_DURATION = histogram("tidegate.call.duration", LATENCY, Unit::Seconds, &[PROFILE, CACHE],
        "From a call's receipt to its answer; cache is absent for calls that never got as far.");
    OVERHEAD_DURATION = histogram("tidegate.overhead", OVERHEAD, Unit::Seconds, &[],
        "What the gateway itself took of a call: its time less upstream, backoff and waiting.");
    RPC_DURATION = histogram("rpc.server.call.duration", LATENCY, Unit::Seconds,
        &[RPC_SYSTEM, RPC_METHOD, RPC_STATUS, RPC_ERROR],
        "From a gRPC request's head to the end of its answer; error.type is there if the status is the server's fault.");
    ACTIVE_CALLS = gauge("tidegate.server.active_calls", Unit::Count("{request}"), &[RPC_METHOD],
        "gRPC requests being served.");
    CALLS_ACTIVE = gauge("tidegate.calls.active", Unit::Count("{call}"), &[],
        "Calls that were let in and are being served.");
    CALLS_LIMIT = gauge("tidegate.calls.limit", Unit::Count("{call}"), &[],
        "The most calls that are let in at once (server.max_in_flight); more are refused.");
}
