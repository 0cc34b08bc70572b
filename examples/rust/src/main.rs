//! The Rust worker: `iii-bridge-example-worker [--misbehave MODE]`, engine at III_URL.

mod catalogue;
mod contracts;
mod inventory;
mod misbehave;
mod types;

use iii_sdk::runtime::WorkerMetadata;
use iii_sdk::{engine_url_from_env, register_worker, IIIClient, InitOptions};
use tokio::signal::unix::{signal, SignalKind};

use contracts::examples::inventory::v1::register_inventory;
use contracts::examples::types::v1::{register_rust_types, RustTypesClient};
use contracts::glue::ServeOptions;

const NAME: &str = "example-rust";

async fn serve(iii: &IIIClient) -> Result<String, Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [option, mode] = arguments.as_slice() {
        if option == "--misbehave" {
            misbehave::register_wrong(iii, mode).await?;
            return Ok(format!("inventory::reserve with {mode}"));
        }
    }
    let options = ServeOptions { worker_name: Some(NAME.to_string()), ..Default::default() };
    let echo = RustTypesClient::new(iii);
    types::register_forward(iii);
    let types = register_rust_types(iii, types::RustTypes { echo }, options.clone()).await?;
    let items = catalogue::load()?;
    let inventory = inventory::Inventory { items, seen: Default::default() };
    let inventory = register_inventory(iii, inventory, options).await?;
    Ok([inventory.function_ids, types.function_ids].concat().join(", "))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let metadata = WorkerMetadata { name: NAME.to_string(), ..Default::default() };
    let options = InitOptions { metadata: Some(metadata), ..Default::default() };
    let iii = register_worker(&engine_url_from_env(), options);
    let mut terminate = signal(SignalKind::terminate())?;
    match serve(&iii).await {
        Ok(functions) => eprintln!("ready: {functions}"),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }
    terminate.recv().await;
    iii.shutdown_async().await;
    Ok(())
}
