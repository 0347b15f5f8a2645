//! What a call costs at the least: the same libraries with the same messages, and nothing else.

use std::{net::Ipv4Addr, sync::Arc};

use futures_util::stream::BoxStream;
use moka::future::Cache;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tidegate::{
    extraction::builtin::{entities_instructions, entities_schema},
    proto::{
        self,
        extraction_service_server::{ExtractionService, ExtractionServiceServer},
    },
};
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status, Streaming,
    transport::{Server, server::TcpIncoming},
};

use crate::{
    Outcome, Serve,
    gateway::{announce, dismissed},
    lane::Lane,
};

/// Serves the lane's floor.
pub async fn serve(told: &Serve) -> Outcome<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(listener.local_addr()?)?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let floor = ExtractionServiceServer::new(Floor {
        // The map is asked on the way to a hit only.
        answers: (told.lane == Lane::FloorHit).then(|| Cache::new(10_000)),
        client: client()?,
        url: format!("http://{}/v1/chat/completions", told.upstream),
        schema: RawValue::from_string(
            serde_json::from_str::<serde_json::Value>(entities_schema())?.to_string(),
        )?,
    });
    tokio::select! {
        served = Server::builder().add_service(floor).serve_with_incoming(incoming) => Ok(served?),
        () = dismissed() => Ok(()),
    }
}

fn client() -> Outcome<reqwest::Client> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build()?)
}

struct Floor {
    answers: Option<Cache<[u8; 32], Arc<proto::Extraction>>>,
    client: reqwest::Client,
    url: String,
    schema: Box<RawValue>,
}

#[tonic::async_trait]
impl ExtractionService for Floor {
    async fn extract(
        &self,
        request: Request<proto::ExtractRequest>,
    ) -> Result<Response<proto::ExtractResponse>, Status> {
        let text = request.into_inner().text;
        let extraction = match &self.answers {
            Some(answers) => self.look_up(answers, &text).await,
            None => self.ask(&text).await,
        };
        let extraction = extraction.map_err(|error| Status::internal(error.to_string()))?;
        let outcome = proto::extract_response::Outcome::Extraction(extraction);
        Ok(Response::new(proto::ExtractResponse { outcome: Some(outcome), info: None }))
    }

    type ExtractManyStream = BoxStream<'static, Result<proto::ExtractManyResponse, Status>>;

    async fn extract_many(
        &self,
        _: Request<Streaming<proto::ExtractManyRequest>>,
    ) -> Result<Response<Self::ExtractManyStream>, Status> {
        Err(Status::unimplemented("not measured"))
    }
}

impl Floor {
    async fn look_up(
        &self,
        answers: &Cache<[u8; 32], Arc<proto::Extraction>>,
        text: &str,
    ) -> Outcome<proto::Extraction> {
        let key = <[u8; 32]>::from(Sha256::digest(text.as_bytes()));
        if let Some(answer) = answers.get(&key).await {
            return Ok(proto::Extraction::clone(&answer));
        }
        let answer = self.ask(text).await?;
        answers.insert(key, Arc::new(answer.clone())).await;
        Ok(answer)
    }

    async fn ask(&self, text: &str) -> Outcome<proto::Extraction> {
        let question = Question {
            model: "simulator",
            messages: [
                Message { role: "system", content: entities_instructions() },
                Message { role: "user", content: text },
            ],
            response_format: ResponseFormat {
                r#type: "json_schema",
                json_schema: JsonSchema { name: "entities", strict: true, schema: &self.schema },
            },
            max_tokens: 4096,
        };
        let request = self.client.post(&self.url).header("content-type", "application/json");
        let answer = request.body(serde_json::to_vec(&question)?).send().await?.error_for_status()?;
        let completion: Completion = serde_json::from_slice(&answer.bytes().await?)?;
        let content = completion.choices.into_iter().next().ok_or("no choice")?.message.content;
        let result: Entities = serde_json::from_str(&content)?;
        let entities = result.entities.into_iter().map(|entity| proto::Entity {
            r#type: entity.r#type,
            text: entity.text,
            ..Default::default()
        });
        Ok(proto::Extraction { entities: entities.collect(), result_json: content, entities_left_out: 0 })
    }
}

#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    messages: [Message<'a>; 2],
    response_format: ResponseFormat<'a>,
    max_tokens: u32,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'a str,
    content: &'a str,
}

#[derive(Serialize)]
struct ResponseFormat<'a> {
    r#type: &'a str,
    json_schema: JsonSchema<'a>,
}

#[derive(Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    strict: bool,
    schema: &'a RawValue,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Content,
}

#[derive(Deserialize)]
struct Content {
    content: String,
}

#[derive(Deserialize)]
struct Entities {
    entities: Vec<Entity>,
}

#[derive(Deserialize)]
struct Entity {
    r#type: String,
    text: String,
}
