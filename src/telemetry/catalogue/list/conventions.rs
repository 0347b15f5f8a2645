//! The same as OpenTelemetry's conventions for HTTP and for generative AI want it told.

use super::{Metric, Unit, histogram};
use crate::telemetry::catalogue::{
    buckets::{GEN_AI, LATENCY, TOKENS},
    labels::{
        GEN_AI_MODEL, GEN_AI_OPERATION, GEN_AI_PROVIDER, GEN_AI_TOKEN_TYPE, HTTP_METHOD, HTTP_STATUS,
        KIND, NO_ANSWER, SERVER_ADDRESS, SERVER_PORT, UPSTREAM,
    },
};

catalogue! { "Upstreams, in the words of OpenTelemetry":
    HTTP_DURATION = histogram("http.client.request.duration", LATENCY, Unit::Seconds,
        &[HTTP_METHOD, SERVER_ADDRESS, SERVER_PORT, HTTP_STATUS, NO_ANSWER, UPSTREAM, KIND],
        "One attempt, from sending to the end of the answer's body, cancelled ones too.");
    GEN_AI_DURATION = histogram("gen_ai.client.operation.duration", GEN_AI, Unit::Seconds,
        &[GEN_AI_OPERATION, GEN_AI_PROVIDER, GEN_AI_MODEL, NO_ANSWER],
        "One flight: all attempts and the waits between them.");
    GEN_AI_TOKENS = histogram("gen_ai.client.token.usage", TOKENS, Unit::Count("{token}"),
        &[GEN_AI_OPERATION, GEN_AI_PROVIDER, GEN_AI_MODEL, GEN_AI_TOKEN_TYPE],
        "Tokens of one flight, all attempts summed, if reported.");
}
