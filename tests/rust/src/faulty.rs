//! Workers of ledger.v1.LedgerService on the official Rust SDK, each right but for one fault: `FAULT=URL…`, one engine
//! for each. `$LEDGER_SCHEMAS` is a file with the schemas of the contract. Registered are schemas of what a worker does,
//! as a library would make them of its types.

#![allow(deprecated)] // how 0.25 binds triggers is deprecated, and is what there is

use iii_sdk::protocol::RegisterTriggerInput;
use iii_sdk::runtime::WorkerMetadata;
use iii_sdk::{register_worker, Error, IIIClient, InitOptions, RegisterFunction};
use serde_json::{json, Value};

const SIDES: [&str; 3] = ["SIDE_UNSPECIFIED", "SIDE_DEBIT", "SIDE_CREDIT"];
const FAULTS: [&str; 10] = [
    "none",
    "renamed-field",
    "wrong-type",
    "rounded-integer",
    "missing-required",
    "extra-field",
    "wrong-enum",
    "wrong-route",
    "missing-function",
    "stale-schema",
];

fn refused(problem: &str) -> Error {
    let line = json!({"code": "INVALID_ARGUMENT", "message": problem, "details": []});
    Error::Remote {
        code: "INVALID_ARGUMENT".into(),
        message: problem.into(),
        stacktrace: Some(format!("iii-status/1 {line}")),
    }
}

fn int64(value: &Value) -> Result<i64, Error> {
    let read = match value {
        Value::Null => Some(0),
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_i64(),
        _ => None,
    };
    read.ok_or_else(|| refused("cents is no integer of 64 bits"))
}

fn side(value: &Value) -> Result<&'static str, Error> {
    let index = match value {
        Value::Null => Some(0),
        Value::String(text) => SIDES.iter().position(|known| known == text),
        Value::Number(number) => number.as_u64().map(|number| number as usize),
        _ => None,
    };
    index
        .and_then(|index| SIDES.get(index).copied())
        .ok_or_else(|| refused("side is unknown"))
}

fn posted(entry: &Value) -> Result<Value, Error> {
    let account = entry["account"]
        .as_str()
        .ok_or_else(|| refused("account is missing, or no text"))?;
    let cents = int64(&entry["cents"])?;
    Ok(json!({"account": account, "cents": cents.to_string(), "side": side(&entry["side"])?}))
}

/// What a worker with this fault answers instead.
fn answer(fault: &str, mut posted: Value) -> Value {
    match fault {
        "renamed-field" => {
            posted["amount"] = posted["cents"].clone();
            remove(&mut posted, "cents");
        }
        "wrong-type" => posted["cents"] = json!(true),
        "rounded-integer" => {
            let cents: i64 = posted["cents"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
            posted["cents"] = json!(cents as f64);
        }
        "missing-required" => remove(&mut posted, "account"),
        "extra-field" => posted["memo"] = json!("by hand"),
        "wrong-enum" => posted["side"] = json!("SIDE_WAYS"),
        _ => {}
    }
    posted
}

fn remove(object: &mut Value, name: &str) {
    if let Some(members) = object.as_object_mut() {
        members.remove(name);
    }
}

/// The schema with another member in the place of one, or none.
fn altered(schema: &mut Value, name: &str, other: &str, described: Value) {
    remove(&mut schema["properties"], name);
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|known| known != name);
    }
    if !other.is_empty() {
        schema["properties"][other] = described;
    }
}

fn response(fault: &str, mut schema: Value) -> Value {
    let cents = schema["properties"]["cents"].clone();
    match fault {
        "renamed-field" => altered(&mut schema, "cents", "amount", cents),
        "wrong-type" => altered(&mut schema, "cents", "cents", json!({"type": "boolean"})),
        "rounded-integer" => altered(&mut schema, "cents", "cents", json!({"type": "number"})),
        "missing-required" => altered(&mut schema, "account", "", Value::Null),
        "extra-field" => altered(&mut schema, "", "memo", json!({"type": "string"})),
        "wrong-enum" => altered(&mut schema, "side", "side", json!({"type": "string", "enum": ["SIDE_WAYS"]})),
        _ => {}
    }
    schema
}

/// Of a contract that still had a currency.
fn request(fault: &str, mut schema: Value) -> Value {
    if fault == "stale-schema" {
        schema["properties"]["currency"] = json!({"type": "string"});
        if let Some(required) = schema["required"].as_array_mut() {
            required.push(json!("currency"));
        }
    }
    schema
}

fn serve(fault: &'static str, url: &str, contract: &Value) -> IIIClient {
    let metadata = WorkerMetadata { name: fault.into(), ..WorkerMetadata::default() };
    let client = register_worker(url, InitOptions { metadata: Some(metadata), ..InitOptions::default() });
    let post = RegisterFunction::new_async(move |entry: Value| async move {
        posted(&entry).map(|posted| answer(fault, posted))
    });
    client.register_function(
        "ledger::post",
        post.request_format(request(fault, contract["Post"]["request"].clone()))
            .response_format(response(fault, contract["Post"]["response"].clone())),
    );
    if fault != "missing-function" {
        let count = RegisterFunction::new_async(|_: Value| async { Ok::<_, Error>(json!({"entries": 0})) });
        client.register_function(
            "ledger::count",
            count
                .request_format(contract["Count"]["request"].clone())
                .response_format(contract["Count"]["response"].clone()),
        );
    }
    let route = if fault == "wrong-route" { "/ledger/entry" } else { "/ledger/entries" };
    let config = json!({"api_path": route, "http_method": "POST"});
    client
        .register_trigger(RegisterTriggerInput::new("http", "ledger::post", config))
        .expect("the SDK takes any trigger");
    client
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let file = std::env::var("LEDGER_SCHEMAS").expect("LEDGER_SCHEMAS names a file");
    let text = std::fs::read_to_string(file).expect("it can be read");
    let contract: Value = serde_json::from_str(&text).expect("it is JSON");
    let mut clients = Vec::new();
    for argument in std::env::args().skip(1) {
        let (name, url) = argument.split_once('=').expect("FAULT=URL");
        let fault = FAULTS.into_iter().find(|known| *known == name);
        clients.push(serve(fault.expect("a fault there is"), url, &contract));
    }
    std::future::pending::<()>().await;
}
