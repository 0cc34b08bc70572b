//! Serves the DeskService at III_URL, and calls the FrontService.

use iii_sdk::runtime::WorkerMetadata;
use iii_sdk::{engine_url_from_env, register_worker, InitOptions};
use tokio::signal::unix::{signal, SignalKind};

use iii_bridge_test_worker::contracts::desk::v1::{register_desk, FrontClient};
use iii_bridge_test_worker::contracts::glue::ServeOptions;
use iii_bridge_test_worker::desk::Desk;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let metadata = WorkerMetadata {
        name: "rust-desk".to_string(),
        ..Default::default()
    };
    let options = InitOptions {
        metadata: Some(metadata),
        ..Default::default()
    };
    let iii = register_worker(&engine_url_from_env(), options);
    let mut terminate = signal(SignalKind::terminate())?;
    let options = ServeOptions {
        worker_name: Some("rust-desk".to_string()),
        ..Default::default()
    };
    let desk = Desk::new(FrontClient::new(&iii));
    let served = match register_desk(&iii, desk, options).await {
        Ok(served) => served,
        Err(error) => {
            eprintln!("refused: {error}");
            std::process::exit(3);
        }
    };
    eprintln!("ready: {}", served.function_ids.join(", "));
    terminate.recv().await;
    served.unregister();
    iii.shutdown_async().await;
    Ok(())
}
