//! Upper bounds of histograms' buckets.

/// Seconds of calls and attempts: from a cache hit to the longest call one waits for.
pub(super) const LATENCY: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0];
/// Seconds, as the `GenAI` convention advises.
pub(super) const GEN_AI: &[f64] =
    &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
/// Seconds that the gateway itself takes.
pub(super) const OVERHEAD: &[f64] = &[
    0.000_05, 0.000_1, 0.000_2, 0.000_3, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0,
];
/// Seconds between attempts.
pub(super) const RETRY_DELAY: &[f64] = &[0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];
/// Retries of one flight.
pub(super) const RETRIES: &[f64] = &[1.0, 2.0, 3.0, 4.0, 5.0];
/// Tokens, as the `GenAI` convention advises, to one million.
pub(super) const TOKENS: &[f64] =
    &[1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0];
