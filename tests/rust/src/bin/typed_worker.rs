//! A hand-written worker on the official SDK, whose schemas come from schemars: `typed-worker URL`.

use iii_sdk::runtime::WorkerMetadata;
use iii_sdk::{register_worker, Error, InitOptions, RegisterFunction};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;

#[derive(Deserialize, JsonSchema)]
struct Line {
    /// What is wanted.
    sku: String,
    quantity: u32,
}

#[derive(Deserialize, JsonSchema)]
struct Reserve {
    order_id: String,
    lines: Vec<Line>,
    note: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum State {
    Held,
    Refused,
}

#[derive(Serialize, JsonSchema)]
struct Reservation {
    reservation_id: String,
    pieces: u64,
    state: State,
}

async fn reserve(request: Reserve) -> Result<Reservation, Error> {
    let pieces = request.lines.iter().map(|line| u64::from(line.quantity)).sum();
    let refused = request.note.is_some() || request.lines.iter().any(|line| line.sku.is_empty());
    Ok(Reservation {
        reservation_id: format!("r-{}", request.order_id),
        pieces,
        state: if refused { State::Refused } else { State::Held },
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = std::env::args().nth(1).expect("the engine is named");
    let metadata = WorkerMetadata { name: "typed-rust".into(), ..WorkerMetadata::default() };
    let client = register_worker(&url, InitOptions { metadata: Some(metadata), ..InitOptions::default() });
    client.register_function("rust::reserve", RegisterFunction::new_async(reserve).description("Reserves pieces."));
    let mut rest = Vec::new();
    let _ = tokio::io::stdin().read_to_end(&mut rest).await; // until whoever started it goes
    client.shutdown_async().await;
}
