//! Ways to answer `inventory::reserve` wrongly, so that the demo and the tests can show each one being caught.

use serde_json::{json, Value};

use crate::contract::Distortion;

/// The distortion named by `--misbehave`.
pub fn misbehavior(mode: &str) -> Option<Distortion> {
    match mode {
        "renamed-field" => Some(renamed_field),
        "wrong-type" => Some(|reservation| with(reservation, "quantity", json!(["3"]))),
        "out-of-range" => {
            Some(|reservation| with(reservation, "parcels", json!(2_147_483_648_i64)))
        }
        "unknown-enum" => {
            Some(|reservation| with(reservation, "warehouse", json!("WAREHOUSE_MOON")))
        }
        _ => None,
    }
}

fn with(mut reservation: Value, member: &str, value: Value) -> Value {
    reservation[member] = value;
    reservation
}

fn renamed_field(mut reservation: Value) -> Value {
    if let Some(members) = reservation.as_object_mut() {
        let parcels = members.remove("parcels").unwrap_or_default();
        members.insert("packages".to_string(), parcels);
    }
    reservation
}
