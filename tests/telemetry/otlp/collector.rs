//! An OTLP collector that keeps what it gets.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{NumberDataPoint, metric::Data, number_data_point},
    trace::v1::Span,
};
use tidegate::telemetry::{Configured, Telemetry};
use tokio::net::TcpListener;
use tonic::{Request, Response, Status, transport::server::TcpIncoming};

use crate::{
    page::Labels,
    script::{configured, settings},
};

/// Values by metric and attributes; of a histogram, the number of observations.
type Points = BTreeMap<(String, Labels), f64>;

#[derive(Clone, Default)]
pub(crate) struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    points: Arc<Mutex<Points>>,
}

impl Collector {
    /// Telemetry that exports to this collector.
    pub(crate) async fn telemetry(&self) -> Telemetry {
        self.telemetry_of(&configured()).await
    }

    /// The same, of a gateway with these parts.
    pub(crate) async fn telemetry_of(&self, configured: &Configured) -> Telemetry {
        let endpoint = format!("http://{}", self.listen().await);
        Telemetry::start_with(&settings(Some(endpoint)), configured, io::sink()).unwrap()
    }

    /// All spans, in the order in which they started.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let mut spans = self.spans.lock().unwrap().clone();
        spans.sort_by_key(|span| span.start_time_unix_nano);
        spans
    }

    pub(crate) fn points(&self) -> Points {
        self.points.lock().unwrap().clone()
    }

    async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(self.clone()))
            .add_service(MetricsServiceServer::new(self.clone()))
            .serve_with_incoming(TcpIncoming::from(listener));
        #[expect(clippy::disallowed_methods, reason = "ends with the test's runtime")]
        tokio::spawn(server);
        address
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.into_inner().resource_spans.into_iter().flat_map(|r| r.scope_spans);
        self.spans.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let scopes = request.into_inner().resource_metrics.into_iter().flat_map(|r| r.scope_metrics);
        let mut points = self.points.lock().unwrap();
        for metric in scopes.flat_map(|scope| scope.metrics) {
            let values: Vec<(Labels, f64)> = match metric.data.unwrap() {
                Data::Sum(sum) => sum.data_points.iter().map(number).collect(),
                Data::Gauge(gauge) => gauge.data_points.iter().map(number).collect(),
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                Data::Histogram(histogram) => histogram
                    .data_points
                    .iter()
                    .map(|p| (attributes(&p.attributes), p.count as f64))
                    .collect(),
                other => panic!("{}: unexpected {other:?}", metric.name),
            };
            points.extend(values.into_iter().map(|(labels, value)| ((metric.name.clone(), labels), value)));
        }
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn number(point: &NumberDataPoint) -> (Labels, f64) {
    let value = match point.value.unwrap() {
        number_data_point::Value::AsDouble(value) => value,
        number_data_point::Value::AsInt(value) => value as f64,
    };
    (attributes(&point.attributes), value)
}

/// Attributes as text.
pub(crate) fn attributes(attributes: &[KeyValue]) -> Labels {
    let text = |attribute: &KeyValue| match attribute.value.as_ref().unwrap().value.as_ref().unwrap() {
        Value::StringValue(value) => value.clone(),
        Value::IntValue(value) => value.to_string(),
        Value::BoolValue(value) => value.to_string(),
        other => panic!("unexpected {other:?}"),
    };
    attributes.iter().map(|attribute| (attribute.key.clone(), text(attribute))).collect()
}
