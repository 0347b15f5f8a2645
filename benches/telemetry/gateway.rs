//! The gateway as a measured process: as it is, and with nobody watching.

use std::{
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tidegate::{
    admission::Admission,
    app::App,
    cache::Answers,
    clock::SystemClock,
    config::{Config, Environment},
    grpc::{auth::Tenants, extract::Extraction, profiles::Profiles, serve::serve as serve_grpc},
    pipeline::{Parts, Pipeline, Seeds},
    tasks::Tasks,
    telemetry::{CallersTrace, Event, Observer, Spans},
    upstream::{Upstream, openai::OpenAi},
};
use tokio::net::TcpListener;
use tracing::Dispatch;

use crate::{Outcome, Serve};

/// Small enough to be full, and to stay so, once the bench has warmed up.
const CACHE_BYTES_MAX: &str = "16MiB";

/// Serves as `tidegate serve` does, under the lane's configuration.
pub async fn serve(told: &Serve) -> Outcome<()> {
    let app = App::start(config(told)?).await?;
    announce(app.grpc_addr())?;
    dismissed().await;
    Ok(())
}

/// Serves with nobody watching: the parts that `App` wires, an observer that looks away, no spans.
pub async fn serve_untold(told: &Serve) -> Outcome<()> {
    let config = config(told)?;
    let observer: Arc<dyn Observer> = Arc::new(LookAway);
    let upstreams: Result<Vec<Arc<dyn Upstream>>, _> = config
        .upstreams
        .iter()
        .map(|settings| OpenAi::new(settings.clone()).map(|upstream| Arc::new(upstream) as Arc<dyn Upstream>))
        .collect();
    let tasks = Tasks::default();
    let pipeline = Pipeline::new(Parts {
        answers: Answers::new(config.cache.bytes_max, Arc::clone(&observer)),
        upstreams: upstreams?,
        tenants: Vec::new(),
        policy: config.retry.clone(),
        observer: Arc::clone(&observer),
        clock: Arc::new(SystemClock),
        seeds: Seeds::from_system()?,
        tasks: tasks.clone(),
    });
    let extraction = Extraction {
        tenants: Tenants::new(Vec::new()),
        profiles: Profiles::new(config.profiles.clone()),
        admission: Arc::new(Admission::new(&config.admission)),
        limits: config.admission.clone(),
        pipeline: Arc::new(pipeline),
        observer,
        cut: tasks.cut_off(),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(listener.local_addr()?)?;
    let health = tonic_health::server::HealthReporter::new();
    let health = tonic_health::server::HealthService::from_health_reporter(health);
    let spans = Spans::new(Dispatch::none(), CallersTrace::Trusted);
    let served = serve_grpc(listener, None, extraction, spans, health, tasks.clone());
    tokio::select! {
        served = served => Ok(served?),
        () = dismissed() => Ok(()),
    }
}

fn config(told: &Serve) -> Outcome<Config> {
    let base_url = format!("http://{}/v1", told.upstream).parse()?;
    let variables = [
        ("TIDEGATE__SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("TIDEGATE__ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
        ("TIDEGATE__CACHE__BYTES_MAX", CACHE_BYTES_MAX.to_owned()),
        ("TIDEGATE__TELEMETRY__LOG_FORMAT", "json".to_owned()),
    ];
    let collector =
        told.collector.map(|addr| ("TIDEGATE__TELEMETRY__OTLP_ENDPOINT", format!("http://{addr}")));
    let own = told.lane.settings().iter().map(|(name, value)| (*name, (*value).to_owned()));
    let environment: Environment = variables.into_iter().chain(collector).chain(own).collect();
    Ok(Config::embedded(&base_url, &environment)?)
}

/// Tells the bench where to call.
pub fn announce(addr: SocketAddr) -> Outcome<()> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{addr}")?;
    Ok(stdout.flush()?)
}

/// Waits until the bench lets go, or is gone.
pub async fn dismissed() {
    // An error is an end as well.
    let _ = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await;
}

/// Sees nothing.
struct LookAway;

impl Observer for LookAway {
    fn observe(&self, _: &Event<'_>) {}
}
