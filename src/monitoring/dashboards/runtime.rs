//! The gateways themselves: use, saturation, errors, and whether telemetry can be trusted.

use super::{
    Brief,
    board::{board, what_to_do},
    figures,
    grid::{Row, row},
    limits::Limits,
    model::Dashboard,
    palette::{self, BLUE, GREEN, RED, YELLOW},
    panels::{heatmap, lines, stat, table, unit},
    scope::{buckets, gauge, legend, max_by, over_time, quantile, rate, rate_by, series},
};
use crate::{
    extraction::Party,
    monitoring::query::{self, Query},
    telemetry::catalogue::{labels, list},
};

const INSTANCE: &str = "{{instance}}";

/// From where on little is left of what a gateway may use.
const NEARLY_ALL: [(f64, &str); 2] = [(0.7, YELLOW), (0.9, RED)];

pub(super) fn runtime(brief: &Brief) -> Dashboard {
    let question = "Is a gateway short of anything, and can what it tells be trusted?";
    let rows = vec![
        glance(),
        own_time(&brief.limits),
        connections(),
        process(),
        scheduler(),
        telemetry(),
        what_to_do(brief),
    ];
    board("tidegate-runtime", "Tidegate / Runtime", question, rows)
}

fn files_used() -> Query {
    gauge(&list::PROCESS_FDS).over(&gauge(&list::PROCESS_FDS_MAX))
}

/// Each gateway's use of the processors that it may have: its runtime works with a thread for each, and two at least.
fn processors_used() -> Query {
    rate(&series(&list::PROCESS_CPU)).over(&gauge(&list::RUNTIME_WORKERS))
}

fn glance() -> Row {
    let started = query::aggregate("max", &[], &gauge(&list::PROCESS_START));
    row(
        "At a glance",
        vec![
            stat(
                "Gateways",
                unit::COUNT,
                "How many gateways Prometheus hears of among the chosen ones. Worry when it is fewer than \
                 you run. Next: the list of builds.",
            )
            .ask(&query::aggregate("count", &[], &gauge(&list::BUILD)), "gateways")
            .thresholds(BLUE, &[]),
            stat(
                "Youngest start",
                unit::MOMENT,
                "When the gateway that started last did so. A moment ago, without a deploy, is a crash: its \
                 last log lines say why. Next: the marks of starts in every graph.",
            )
            .ask(&Query::from(format!("1000 * {started}")), "started")
            .thresholds(BLUE, &[]),
            stat(
                "Processors used",
                unit::RATIO,
                "The share of its processors that the busiest gateway uses, as there is a thread of its runtime for \
                 each: two at least, so that a single processor is used up at 50 %. Near the end, all calls \
                 wait. Next: Processor time.",
            )
            .ask(&max_by(&[], &processors_used()), "used")
            .thresholds(GREEN, &NEARLY_ALL),
            stat(
                "Largest memory",
                unit::BYTES,
                "Memory of the largest gateway. It should be flat under a steady load; a slow climb is a \
                 leak. Next: Memory.",
            )
            .ask(&max_by(&[], &gauge(&list::PROCESS_MEMORY)), "memory")
            .thresholds(BLUE, &[]),
            stat(
                "File descriptors used",
                unit::RATIO,
                "The share of file descriptors in use on the gateway that has least left. Near the end, \
                 connections are refused. Next: File descriptors.",
            )
            .ask(&max_by(&[], &files_used()), "used")
            .thresholds(GREEN, &Limits::descriptors()),
            stat(
                "Telemetry dropped",
                unit::PER_SECOND,
                "Spans, exports and log lines that were lost. At any, what you see is not all there was. \
                 Next: Telemetry dropped by signal; the collector.",
            )
            .ask(&rate_by(&[], &series(&list::DROPPED)), "dropped")
            .thresholds(GREEN, &[(0.001, RED)]),
        ],
    )
}

fn own_time(limits: &Limits) -> Row {
    row(
        "What the gateway itself takes",
        vec![
            lines(
                "Gateway's own time",
                unit::SECONDS,
                "What the gateway takes of a call: its time less upstream, backoff and waiting. \
                 Milliseconds at most; worry when p99 is above the upper line. Next: processor time, and \
                 calls in flight.",
            )
            .ask(&quantile(0.5, &[], &list::OVERHEAD_DURATION), "p50")
            .ask(&quantile(0.95, &[], &list::OVERHEAD_DURATION), "p95")
            .ask(&quantile(0.99, &[], &list::OVERHEAD_DURATION), "p99")
            .exemplars()
            .thresholds(GREEN, &limits.overhead())
            .sized(8, 8),
            heatmap(
                "Gateway's own time, spread",
                unit::SECONDS,
                "How calls spread over the gateway's own time. A second band far above the first is a \
                 gateway that stalls at times. Next: processor time.",
            )
            .ask(&over_time(&buckets(&list::OVERHEAD_DURATION)), "{{le}}")
            .exemplars()
            .sized(8, 8),
            lines(
                "Calls that the gateway failed",
                unit::CALLS,
                "Calls refused at the door or broken by the gateway itself. saturated wants more gateways \
                 or a higher limit; any internal is a bug. Next: the log lines of that time.",
            )
            .ask(&rate_by(&[&labels::VERDICT], &figures::calls(&[Party::Gateway])), legend(&labels::VERDICT))
            .coloured(&palette::verdicts())
            .stacked()
            .sized(8, 8),
        ],
    )
}

fn connections() -> Row {
    row(
        "Connections",
        vec![
            lines(
                "Connections",
                unit::COUNT,
                "Connections of callers to each gateway. A gateway with far fewer than the others gets no \
                 new callers: gRPC clients keep the connections they have. Next: how callers spread their \
                 load.",
            )
            .ask(&gauge(&list::CONNECTIONS), INSTANCE)
            .sized(8, 8),
            lines(
                "Connections refused",
                unit::PER_SECOND,
                "Connections that never carried a request, by why. tls_ reasons that last are a certificate \
                 that is wrong or has expired, silent ones a client or a scanner that never speaks. Next: \
                 the log lines of tidegate.connection.refused, which name the peer.",
            )
            .ask(&rate_by(&[&labels::REFUSAL], &series(&list::CONNECTIONS_REFUSED)), legend(&labels::REFUSAL))
            .stacked()
            .sized(8, 8),
            lines(
                "Callers that had to wait or were too slow",
                unit::PER_SECOND,
                "Times that no place for a connection was left, and requests whose message did not come in \
                 time. Worry at any that lasts. Next: Connections; the callers' network.",
            )
            .ask(&rate_by(&[], &series(&list::CONNECTIONS_FULL)), "no place left")
            .ask(&rate_by(&[], &series(&list::REQUESTS_LATE)), "message too late")
            .thresholds(GREEN, &[(0.001, YELLOW)])
            .sized(8, 8),
        ],
    )
}

fn process() -> Row {
    row(
        "Process",
        vec![
            lines(
                "Processor time",
                unit::RATIO,
                "The share of its processors that each gateway uses. Flat at 100 %, or at 50 % with a single one, \
                 is a limit reached. Next: more processors, or more gateways.",
            )
            .ask(&processors_used(), INSTANCE)
            .thresholds(GREEN, &NEARLY_ALL)
            .sized(8, 8),
            lines(
                "Memory",
                unit::BYTES,
                "Memory of each gateway that is in RAM. A slow climb under a steady load is a leak. Next: \
                 cached answers, on Cache & flights.",
            )
            .ask(&gauge(&list::PROCESS_MEMORY), INSTANCE)
            .sized(8, 8),
            lines(
                "File descriptors",
                unit::RATIO,
                "The share of file descriptors in use: connections of callers and upstreams. Near 1, \
                 connections are refused. Next: the limit of the process (ulimit -n).",
            )
            .ask(&files_used(), INSTANCE)
            .between(0.0, 1.0)
            .thresholds(GREEN, &Limits::descriptors())
            .sized(8, 8),
            lines(
                "Requests in flight",
                unit::COUNT,
                "gRPC requests being served by each gateway. It grows with latency at the same load. Next: \
                 call latency on the overview.",
            )
            .ask(&query::sum_by(&["instance"], gauge(&list::ACTIVE_CALLS)), INSTANCE),
            table(
                "Builds",
                unit::COUNT,
                "Which version each gateway runs. More than one is a deploy under way, or one that stopped. \
                 Next: the deployment.",
            )
            .ask(&gauge(&list::BUILD), "")
            .without(&["Time", "Value", "__name__"])
            .sized(12, 8),
        ],
    )
}

fn scheduler() -> Row {
    row(
        "Asynchronous runtime",
        vec![
            lines(
                "Busy share of threads",
                unit::RATIO,
                "How much of their time the runtime's threads had something to do. Near 1 everything waits \
                 for a processor. Next: processor time; more processors.",
            )
            .ask(&rate(&series(&list::RUNTIME_BUSY)).over(&gauge(&list::RUNTIME_WORKERS)), INSTANCE)
            .between(0.0, 1.0)
            .thresholds(GREEN, &NEARLY_ALL)
            .sized(8, 8),
            lines(
                "Tasks waiting for a thread",
                unit::COUNT,
                "Tasks in the queue that all threads share. It should be near zero: a queue that stays \
                 means too few threads, or one that is blocked. Next: busy share.",
            )
            .ask(&gauge(&list::RUNTIME_QUEUE), INSTANCE)
            .thresholds(GREEN, &[(100.0, YELLOW)])
            .sized(8, 8),
            lines(
                "Tasks",
                unit::COUNT,
                "Tasks alive in each gateway. They follow calls and connections; a climb that does not come \
                 back is a leak. Next: memory, and flights on Cache & flights.",
            )
            .ask(&gauge(&list::RUNTIME_TASKS), INSTANCE)
            .sized(8, 8),
        ],
    )
}

fn telemetry() -> Row {
    row(
        "Telemetry",
        vec![
            lines(
                "Telemetry dropped by signal",
                unit::PER_SECOND,
                "What was lost on its way out: spans and metrics to the collector, lines to stderr. Calls \
                 do not suffer, but what you see is not all there was. Next: the collector's health.",
            )
            .ask(&rate_by(&[&labels::SIGNAL], &series(&list::DROPPED)), legend(&labels::SIGNAL))
            .thresholds(GREEN, &[(0.001, RED)]),
            lines(
                "Series",
                unit::COUNT,
                "Series on each gateway's page. It grows with upstreams and profiles and is bounded; at the \
                 bound new ones are left out. Next: Series left out.",
            )
            .ask(&gauge(&list::SERIES), INSTANCE),
            lines(
                "Series left out",
                unit::COUNT,
                "Series that each gateway has not made since its start because there were as many as are \
                 allowed. At any, some labels have no series until it starts again. Next: how many \
                 upstreams and profiles are configured.",
            )
            .ask(&query::sum_by(&["instance"], series(&list::SERIES_OVERFLOW)), INSTANCE)
            .thresholds(GREEN, &[(1.0, RED)]),
        ],
    )
}
