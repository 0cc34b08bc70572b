//! Ways to answer `inventory::reserve` wrongly, so that the demo and the tests can show each one being caught.

use std::time::Duration;

use iii_sdk::protocol::TriggerRequest;
use iii_sdk::{IIIClient, RegisterFunction};
use serde_json::{json, Value};

const FUNCTION: &str = "inventory::reserve";

/// Registers a function that knows no contract and answers as `mode` says; returns when it can be called.
pub async fn register_wrong(iii: &IIIClient, mode: &str) -> Result<(), String> {
    let wrong = match mode {
        "renamed-field" => renamed_field(),
        "wrong-type" => with("quantity", json!(["3"])),
        "out-of-range" => with("parcels", json!(2_147_483_648_i64)),
        "unknown-enum" => with("warehouse", json!("WAREHOUSE_MOON")),
        _ => {
            let modes = "renamed-field, wrong-type, out-of-range or unknown-enum";
            return Err(format!("unknown --misbehave {mode}: use {modes}"));
        }
    };
    let answer = RegisterFunction::new_async(move |_: Value| {
        let wrong = wrong.clone();
        async move { Ok(wrong) }
    });
    iii.register_function(FUNCTION, answer);
    while iii.trigger(TriggerRequest::new(FUNCTION, json!({}))).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn right() -> Value {
    json!({"reservationId": "r-1", "quantity": "3", "warehouse": "WAREHOUSE_NORTH", "parcels": 1})
}

fn with(member: &str, value: Value) -> Value {
    let mut reservation = right();
    reservation[member] = value;
    reservation
}

fn renamed_field() -> Value {
    json!({"reservationId": "r-1", "quantity": "3", "warehouse": "WAREHOUSE_NORTH", "packages": 1})
}
