//! rust-types: one message with every kind of value, echoed and relayed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use iii_sdk::{protocol::TriggerRequest, Error, IIIClient, RegisterFunction};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::contract::{call, faithful, schemas, serve};
use crate::protojson::{Bytes, Double, Int64, Uint64};
use crate::status::status;

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
enum Color {
    #[default]
    #[serde(rename = "COLOR_UNSPECIFIED")]
    Unspecified,
    #[serde(rename = "COLOR_RED")]
    Red,
    #[serde(rename = "COLOR_GREEN")]
    Green,
    #[serde(rename = "COLOR_NEGATIVE")]
    Negative,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Point {
    x: i32,
    y: i32,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Everything")]
struct OneChoice(Everything);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Everything {
    signed: Int64,
    unsigned: Uint64,
    small: i32,
    ratio: Double,
    flag: bool,
    text: String,
    data: Bytes,
    color: Color,
    palette: Vec<Color>,
    // The oneof `choice`: at most one of the next five, see `OneChoice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<Int64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    point: Option<Point>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shade: Option<Color>,
    counts: BTreeMap<String, Int64>,
    colors: BTreeMap<i32, Color>,
    points: BTreeMap<bool, Point>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl TryFrom<Everything> for OneChoice {
    type Error = &'static str;

    fn try_from(value: Everything) -> Result<Self, Self::Error> {
        let set = [
            value.label.is_some(),
            value.number.is_some(),
            value.point.is_some(),
            value.blob.is_some(),
            value.shade.is_some(),
        ];
        match set.iter().filter(|present| **present).count() {
            0 | 1 => Ok(Self(value)),
            _ => Err("more than one member of the oneof choice"),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RelayRequest {
    function_id: String,
    value: OneChoice,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForwardRequest {
    function_id: String,
    payload: Value,
}

/// Registers `rust-types::echo`, `::relay` and, for wrong payloads, the untyped `::forward`.
pub fn serve_types(client: &IIIClient) -> [&'static str; 3] {
    serve(
        client,
        "rust-types::echo",
        schemas!("examples.types.v1.RustTypesService.Echo"),
        faithful,
        |request: OneChoice| async move { Ok(request) },
    );
    let caller = client.clone();
    serve(
        client,
        "rust-types::relay",
        schemas!("examples.types.v1.RustTypesService.Relay"),
        faithful,
        move |request: RelayRequest| {
            let caller = caller.clone();
            async move {
                call::<OneChoice, OneChoice>(&caller, &request.function_id, &request.value).await
            }
        },
    );
    let caller = client.clone();
    let forward = RegisterFunction::new_async(move |input: Value| {
        let caller = caller.clone();
        async move { forward(&caller, input).await }
    });
    client.register_function("rust-types::forward", forward);
    [
        "rust-types::echo",
        "rust-types::relay",
        "rust-types::forward",
    ]
}

/// Calls without any check and says what the caller's SDK was told.
async fn forward(client: &IIIClient, input: Value) -> Result<Value, Error> {
    let request: ForwardRequest = serde_json::from_value(input)
        .map_err(|error| status("INVALID_ARGUMENT", format!("rust-types::forward: {error}")))?;
    match client
        .trigger(TriggerRequest::new(request.function_id, request.payload))
        .await
    {
        Ok(result) => Ok(json!({ "result": result })),
        Err(Error::Remote {
            code,
            message,
            stacktrace,
        }) => {
            let stacktrace = stacktrace.unwrap_or_default();
            Ok(json!({"error": {"code": code, "message": message, "stacktrace": stacktrace}}))
        }
        Err(other) => Err(other),
    }
}
