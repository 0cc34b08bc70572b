//! Small hand-written glue between serde structs and the SDK: decode, call the handler, encode.

use std::future::Future;

use iii_sdk::{protocol::TriggerRequest, Error, IIIClient, RegisterFunction};
use serde::{de::DeserializeOwned, Serialize};
use serde_json::Value;

use crate::status::status;

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

/// Registers `handler` under `function_id`, with its schemas. A request that does not decode is answered INVALID_ARGUMENT.
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
        let answer = serde_json::from_value::<I>(input).map(&handler);
        async move {
            let response = answer.map_err(|error| unfit(function_id, &error))?.await?;
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

fn unfit(function_id: &str, error: &serde_json::Error) -> Error {
    status(
        "INVALID_ARGUMENT",
        format!("{function_id} request does not fit its contract: {error}"),
    )
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
    Ok(serde_json::from_value(response)?)
}
