//! The Rust worker: `iii-bridge-example-worker [--misbehave MODE]`, engine at III_URL.

mod contract;
mod inventory;
mod misbehave;
mod protojson;
mod status;
mod types;

use std::process::ExitCode;
use std::time::Duration;

use contract::{faithful, Distortion};
use iii_sdk::protocol::TriggerRequest;
use iii_sdk::runtime::WorkerMetadata;
use iii_sdk::{engine_url_from_env, register_worker, IIIClient, InitOptions};
use serde_json::json;
use tokio::signal::unix::{signal, SignalKind};

const READY_ATTEMPTS: u32 = 100;

fn distortion() -> Result<Distortion, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => Ok(faithful),
        ["--misbehave", mode] => misbehave::misbehavior(mode).ok_or_else(|| {
            format!("unknown --misbehave {mode}: use renamed-field, wrong-type, out-of-range or unknown-enum")
        }),
        _ => Err("usage: iii-bridge-example-worker [--misbehave MODE]".to_string()),
    }
}

/// Resolves once the catalogue shows every function: registrations are not acknowledged otherwise.
async fn registered(client: &IIIClient, function_ids: &[&str]) -> Result<(), String> {
    for _ in 0..READY_ATTEMPTS {
        let request = TriggerRequest::new("engine::functions::list", json!({}));
        let catalogue = client
            .trigger(request)
            .await
            .map_err(|error| error.to_string())?;
        let rows = catalogue["functions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let listed = |id: &&str| rows.iter().any(|row| row["function_id"] == *id);
        if function_ids.iter().all(listed) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(format!(
        "the engine does not list {}: is another worker serving them?",
        function_ids.join(", ")
    ))
}

async fn run() -> Result<(), String> {
    let distort = distortion()?;
    let url = engine_url_from_env();
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let metadata = WorkerMetadata {
        name: "example-rust".to_string(),
        ..WorkerMetadata::default()
    };
    let client = register_worker(
        &url,
        InitOptions {
            metadata: Some(metadata),
            ..InitOptions::default()
        },
    );

    let inventory = inventory::serve_inventory(&client, distort);
    let types = types::serve_types(&client);
    let function_ids: Vec<&str> = inventory.into_iter().chain(types).collect();
    registered(&client, &function_ids).await?;
    eprintln!("ready: {} at {url}", function_ids.join(", "));

    terminate.recv().await;
    client.shutdown_async().await;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
