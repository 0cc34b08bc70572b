//! Small hand-written glue between serde structs and the SDK: decode, call the handler, encode.

use std::future::Future;

use iii_sdk::{protocol::TriggerRequest, Error, IIIClient, RegisterFunction};
use serde::{de::DeserializeOwned, Serialize};
use serde_json::Value;

use crate::status::{violation, Side};

/// The generated JSON Schemas of a method: `schemas!("package.Service.Method")`.
macro_rules! schemas {
    ($method:literal) => {
        $crate::contract::Schemas {
            request: include_str!(concat!("../../schemas/2020-12/", $method, ".request.json")),
            response: include_str!(concat!("../../schemas/2020-12/", $method, ".response.json")),
        }
    };
}
pub(crate) use schemas;

/// JSON Schemas as text.
pub struct Schemas {
    pub request: &'static str,
    pub response: &'static str,
}

fn parsed(schema: &str) -> Value {
    serde_json::from_str(schema).expect("a generated schema is well formed")
}

/// Changes an encoded response before it is sent; the identity except in workers that misbehave on purpose.
pub type Distortion = fn(Value) -> Value;

pub fn faithful(response: Value) -> Value {
    response
}

/// Registers `handler` under `function_id`, with its schemas.
pub fn serve<I, O, F, Fut>(
    client: &IIIClient,
    function_id: &'static str,
    schemas: Schemas,
    distort: Distortion,
    handler: F,
) where
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
    F: Fn(I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O, Error>> + Send + 'static,
{
    let registration = RegisterFunction::new_async(move |input: Value| {
        let answer = decode::<I>(function_id, Side::Request, input).map(&handler);
        async move {
            let response = answer?.await?;
            serde_json::to_value(response)
                .map(distort)
                .map_err(Error::from)
        }
    });
    let registration = registration
        .request_format(parsed(schemas.request))
        .response_format(parsed(schemas.response));
    client.register_function(function_id, registration);
}

/// Decodes a message; the engine's `_caller_worker_id` and unknown members are skipped.
fn decode<M: DeserializeOwned>(function_id: &str, side: Side, data: Value) -> Result<M, Error> {
    serde_path_to_error::deserialize(data).map_err(|error| {
        // serde's text quotes the payload, so only the place is told.
        let place = match error.path().to_string().as_str() {
            "." => "$".to_string(),
            inner => format!("$.{inner}"),
        };
        match missing_member(&error.into_inner().to_string()) {
            Some(member) => violation(
                function_id,
                side,
                &format!("{place}.{member}"),
                "required member is missing",
            ),
            None => violation(function_id, side, &place, "the value does not fit"),
        }
    })
}

fn missing_member(text: &str) -> Option<&str> {
    text.strip_prefix("missing field `")?.split('`').next()
}

/// Calls a function with a message and decodes its response; a status of the callee stays that status.
pub async fn call<I, O>(client: &IIIClient, function_id: &str, request: &I) -> Result<O, Error>
where
    I: Serialize,
    O: DeserializeOwned,
{
    let payload = serde_json::to_value(request)?;
    let response = client
        .trigger(TriggerRequest::new(function_id, payload))
        .await?;
    decode(function_id, Side::Response, response)
}
