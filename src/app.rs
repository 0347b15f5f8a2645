//! The composition root: the only place that constructs the parts and wires them.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinHandle,
    time::{Instant, interval, timeout},
};
use tokio_util::sync::CancellationToken;

pub use crate::telemetry::Tokens;
use crate::{
    admin::{self, AdminState},
    admission::Admission,
    cache::Answers,
    clock::SystemClock,
    config::Config,
    grpc::{
        auth::Tenants,
        extract::Extraction,
        profiles::Profiles,
        serve::{ServeError, serve},
        tls::{self, TlsError},
    },
    pipeline::{Parts, Pipeline, Seeds},
    proto::{extraction_service_server::ExtractionServiceServer, job_service_server::JobServiceServer},
    tasks::Tasks,
    telemetry::{Configured, Event, Observer, Telemetry, TelemetryError},
    upstream::{
        Upstream,
        openai::OpenAi,
        settings::{Prices, UpstreamSettings},
    },
};

/// How often the cache's bookkeeping is done, and its level and the budgets' reported.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// How long answers may take to leave once every call has ended.
const LAST_ANSWERS_MAX: Duration = Duration::from_secs(1);

/// A running gateway.
pub struct App {
    grpc_addr: SocketAddr,
    admin_addr: SocketAddr,
    drain_timeout: Duration,
    telemetry: Telemetry,
    observer: Arc<dyn Observer>,
    admission: Arc<Admission>,
    health: tonic_health::server::HealthReporter,
    ready: watch::Sender<bool>,
    tasks: Tasks,
    server: JoinHandle<Option<Result<(), ServeError>>>,
    /// Metrics and health are served to the last.
    admin_stop: CancellationToken,
}

/// Why the gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address can't be listened on.
    #[error("can't listen on {addr}: {source}; is another process using it?")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Certificate and key of the gRPC server are not usable.
    #[error("TLS can't be served: {0}")]
    Tls(#[from] TlsError),
    /// The telemetry can't be set up.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// An upstream's client can't be built.
    #[error("upstream {name} can't be set up: {problem}")]
    Upstream {
        /// The configured name.
        name: Arc<str>,
        /// What is wrong.
        problem: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

impl App {
    /// Starts a gateway. When this returns, it serves.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let tls = config.server.tls.as_ref().map(tls::acceptor).transpose()?;
        let grpc = listen(config.server.listen).await?;
        let admin = listen(config.admin_listen).await?;
        let (grpc_addr, admin_addr) =
            (addr(&grpc, config.server.listen)?, addr(&admin, config.admin_listen)?);
        let telemetry = Telemetry::start(&config.telemetry, &configured(&config))?;
        // A second gateway in one process shares the first one's log for warnings of foreign crates.
        let _ = telemetry.install();
        let observer = telemetry.observer();
        let tasks = Tasks::default();
        let pipeline = Arc::new(pipeline(&config, &observer, &tasks)?);
        let admission = Arc::new(Admission::new(&config.admission));
        let (ready, is_ready) = watch::channel(true);
        let health = health().await;
        let extraction = Extraction {
            tenants: Tenants::new(config.server.credentials.clone()),
            profiles: Profiles::new(config.profiles.clone()),
            admission: Arc::clone(&admission),
            limits: config.admission.clone(),
            pipeline: Arc::clone(&pipeline),
            observer: Arc::clone(&observer),
            cut: tasks.cut_off(),
        };
        let health_service = tonic_health::server::HealthService::from_health_reporter(health.clone());
        let (spans, greetings) = (telemetry.spans(), tasks.clone());
        let server = Tasks::default()
            .spawn(async move { serve(grpc, tls, extraction, spans, health_service, greetings).await });
        spawn_upkeep(&tasks, &telemetry, &pipeline, &observer);
        let state = AdminState {
            metrics: telemetry.page(),
            recorder: telemetry.recorder(),
            ready: is_ready,
            local_names_only: config.admin_local_names_only,
        };
        let admin_stop = CancellationToken::new();
        drop(Tasks::default().spawn(admin::serve(admin, state, admin_stop.clone())));
        observer.observe(&Event::ServerStarted { grpc: grpc_addr, admin: admin_addr });
        for warning in &config.warnings {
            observer.observe(&Event::ConfigDoubted { key: &warning.path, doubt: &warning.to_string() });
        }
        Ok(Self {
            grpc_addr,
            admin_addr,
            drain_timeout: config.server.drain_timeout,
            telemetry,
            observer,
            admission,
            health,
            ready,
            tasks,
            server,
            admin_stop,
        })
    }

    /// Where gRPC is served.
    pub fn grpc_addr(&self) -> SocketAddr {
        self.grpc_addr
    }

    /// Where metrics and health are served.
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin_addr
    }

    /// Tokens since the start, taken and saved.
    pub fn tokens(&self) -> Tokens {
        self.telemetry.recorder().tokens()
    }

    /// Completes if the gRPC server ends by itself, which it should not.
    pub async fn failed(&mut self) -> String {
        match (&mut self.server).await {
            Ok(None | Some(Ok(()))) => "the gRPC server ended".to_owned(),
            Ok(Some(Err(error))) => error_chain(&error),
            Err(error) => error.to_string(),
        }
    }

    /// Lets nobody in any more, waits for running calls up to `server.drain_timeout`, and delivers the
    /// telemetry that is still held.
    pub async fn shut_down(mut self) {
        let deadline = Instant::now() + self.drain_timeout;
        self.ready.send_replace(false);
        self.admission.drain();
        set_serving(&self.health, false).await;
        let running = self.admission.running();
        self.observer.observe(&Event::ServerDraining { running, limit: self.drain_timeout });
        self.tasks.stop();
        let drained = timeout(self.drain_timeout, async {
            self.admission.emptied().await;
            // What is still open now are answers on their way, and streams without an end such as
            // `Health.Watch`.
            drop(timeout(LAST_ANSWERS_MAX, &mut self.server).await);
        });
        let cut = if drained.await.is_ok() { 0 } else { self.admission.running() };
        let rest = deadline.saturating_duration_since(Instant::now());
        let _ = self.tasks.drain(rest).await;
        // What is cut still gets its end in metrics, spans and log lines.
        self.tasks.cut();
        drop(timeout(LAST_ANSWERS_MAX, self.admission.emptied()).await);
        let _ = self.tasks.drain(LAST_ANSWERS_MAX).await;
        self.server.abort();
        self.observer.observe(&Event::ServerStopped { cut });
        self.admin_stop.cancel();
        // Bounds itself: cut from outside, it could not say what it lost.
        self.telemetry.shutdown().await;
    }
}

async fn listen(addr: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr).await.map_err(|source| StartError::Listen { addr, source })
}

fn addr(listener: &TcpListener, asked: SocketAddr) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|source| StartError::Listen { addr: asked, source })
}

fn configured(config: &Config) -> Configured {
    let own_rules = config.profiles.iter().filter(|profile| !profile.is_inline());
    Configured {
        upstreams: config.upstreams.iter().map(|upstream| Arc::clone(&upstream.name)).collect(),
        prices: config.upstreams.iter().filter_map(prices).collect(),
        profiles: config.profiles.iter().map(|profile| Arc::clone(&profile.name)).collect(),
        places: own_rules
            .map(|profile| (Arc::clone(&profile.name), profile.schema.places().to_vec()))
            .collect(),
        in_flight_max: config.admission.in_flight_max,
        calls_kept: config.recorder_calls,
    }
}

fn prices(upstream: &UpstreamSettings) -> Option<(Arc<str>, Prices)> {
    Some((Arc::clone(&upstream.name), upstream.prices?))
}

fn pipeline(config: &Config, observer: &Arc<dyn Observer>, tasks: &Tasks) -> Result<Pipeline, StartError> {
    let upstreams: Result<Vec<_>, _> = config.upstreams.iter().map(upstream).collect();
    Ok(Pipeline::new(Parts {
        answers: Answers::new(config.cache.bytes_max, Arc::clone(observer)),
        upstreams: upstreams?,
        tenants: config.server.credentials.iter().map(|credential| credential.tenant.clone()).collect(),
        policy: config.retry.clone(),
        observer: Arc::clone(observer),
        clock: Arc::new(SystemClock),
        seeds: Seeds::from_system().map_err(|error| StartError::Random(error.to_string()))?,
        tasks: tasks.clone(),
    }))
}

fn upstream(settings: &UpstreamSettings) -> Result<Arc<dyn Upstream>, StartError> {
    let built = OpenAi::new(settings.clone());
    let upstream = built.map_err(|error| StartError::Upstream {
        name: Arc::clone(&settings.name),
        problem: error_chain(&error),
    })?;
    Ok(Arc::new(upstream))
}

fn spawn_upkeep(
    tasks: &Tasks,
    telemetry: &Telemetry,
    pipeline: &Arc<Pipeline>,
    observer: &Arc<dyn Observer>,
) {
    // To the very end: what is counted while the gateway drains has to be folded as well.
    drop(Tasks::default().spawn(telemetry.upkeep()));
    let (pipeline, observer) = (Arc::clone(pipeline), Arc::clone(observer));
    tasks.spawn_until_stopped(async move {
        let mut ticks = interval(UPKEEP_INTERVAL);
        loop {
            ticks.tick().await;
            let (entries, weight_bytes) = pipeline.answers().level().await;
            observer.observe(&Event::CacheLevel { entries, weight_bytes });
            // An idle budget refills without anything happening to it.
            for (endpoint, ratio) in pipeline.budgets() {
                observer.observe(&Event::BudgetMoved { endpoint, ratio });
            }
        }
    });
}

async fn health() -> tonic_health::server::HealthReporter {
    let reporter = tonic_health::server::HealthReporter::new();
    set_serving(&reporter, true).await;
    reporter
}

async fn set_serving(reporter: &tonic_health::server::HealthReporter, serving: bool) {
    use tonic::server::NamedService;
    let status =
        if serving { tonic_health::ServingStatus::Serving } else { tonic_health::ServingStatus::NotServing };
    for service in ["", ExtractionServiceServer::<Extraction>::NAME] {
        reporter.set_service_status(service, status).await;
    }
    // Known, but of no use yet.
    let jobs = JobServiceServer::<crate::grpc::jobs::Jobs>::NAME;
    reporter.set_service_status(jobs, tonic_health::ServingStatus::NotServing).await;
}

/// An error with all that caused it, in one line.
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
