//! The Rust party of the golden vectors: `direct` for documents on standard input, `serve` for an engine at III_URL.

mod contracts;
mod direct;
mod serve;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("direct") => direct::run(),
        Some("serve") => serve::run().await,
        _ => Err("say direct or serve".into()),
    }
}
