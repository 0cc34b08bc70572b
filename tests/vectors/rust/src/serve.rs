//! A worker on generated code: it echoes vectors, and calls the echo of any language with those it is told.

use std::error::Error as StdError;

use base64::{engine::general_purpose::STANDARD, Engine};
use iii_sdk::{
    engine_url_from_env, register_worker, Error as SdkError, IIIClient, InitOptions,
    RegisterFunction,
};
use prost::Message;
use serde::Deserialize;
use serde_json::{json, Value};
use tokio::signal::unix::{signal, SignalKind};

use crate::contracts::glue::{Context, Error, ServeOptions};
use crate::contracts::vectors::v1::*;

struct Echo;

impl RustEchoService for Echo {
    async fn echo(&self, request: Vector, _: &Context) -> Result<Vector, Error> {
        Ok(request)
    }

    async fn compact(&self, request: Vector, _: &Context) -> Result<Vector, Error> {
        Ok(request)
    }

    async fn numbers(&self, request: Vector, _: &Context) -> Result<Vector, Error> {
        Ok(request)
    }
}

/// What `rust-vectors::call` is told.
#[derive(Deserialize)]
struct Told {
    callee: String,
    method: String,
    vectors: Vec<String>,
}

pub async fn run() -> Result<(), Box<dyn StdError>> {
    let iii = register_worker(&engine_url_from_env(), InitOptions::default());
    let mut terminate = signal(SignalKind::terminate())?;
    let caller = iii.clone();
    let call = RegisterFunction::new_async(move |told: Value| {
        let caller = caller.clone();
        async move { Ok::<Value, SdkError>(call_all(&caller, serde_json::from_value(told)?).await) }
    });
    iii.register_function("rust-vectors::call", call);
    let served = register_rust_echo(&iii, Echo, ServeOptions::default()).await?;
    eprintln!("ready: {}", served.function_ids.join(", "));
    terminate.recv().await;
    iii.shutdown_async().await;
    Ok(())
}

async fn call_all(iii: &IIIClient, told: Told) -> Value {
    let mut answers = Vec::new();
    for vector in &told.vectors {
        answers.push(match call_one(iii, &told, vector).await {
            Ok(answer) => json!({"binary": STANDARD.encode(answer.encode_to_vec())}),
            Err(error) => json!({"error": error.to_string()}),
        });
    }
    Value::Array(answers)
}

async fn call_one(iii: &IIIClient, told: &Told, vector: &str) -> Result<Vector, Box<dyn StdError>> {
    let vector = Vector::decode(&*STANDARD.decode(vector)?)?;
    Ok(match (told.callee.as_str(), told.method.as_str()) {
        ("python", "echo") => PythonEchoClient::new(iii).echo(vector).await?,
        ("python", "compact") => PythonEchoClient::new(iii).compact(vector).await?,
        ("python", "numbers") => PythonEchoClient::new(iii).numbers(vector).await?,
        ("typescript", "echo") => TypescriptEchoClient::new(iii).echo(vector).await?,
        ("typescript", "compact") => TypescriptEchoClient::new(iii).compact(vector).await?,
        ("typescript", "numbers") => TypescriptEchoClient::new(iii).numbers(vector).await?,
        ("rust", "echo") => RustEchoClient::new(iii).echo(vector).await?,
        ("rust", "compact") => RustEchoClient::new(iii).compact(vector).await?,
        ("rust", "numbers") => RustEchoClient::new(iii).numbers(vector).await?,
        _ => return Err("no such method".into()),
    })
}
