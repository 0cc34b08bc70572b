//! rust-types: one message with every kind of value, echoed and relayed.

use iii_sdk::{protocol::TriggerRequest, Error as SdkError, IIIClient, RegisterFunction};
use serde_json::{json, Value};

use crate::contracts::examples::types::v1::*;
use crate::contracts::glue::{Context, Error};

pub struct RustTypes {
    pub echo: RustTypesClient,
}

impl RustTypesService for RustTypes {
    async fn echo(&self, request: Everything, _: &Context) -> Result<Everything, Error> {
        Ok(request)
    }

    async fn relay(&self, request: RelayRequest, _: &Context) -> Result<Everything, Error> {
        let value = request.value.unwrap_or_default();
        self.echo.echo(value).function_id(request.function_id).await
    }
}

/// Registers `rust-types::forward`, which knows no contract and says what the caller's SDK was told.
pub fn register_forward(iii: &IIIClient) {
    let caller = iii.clone();
    let forward = RegisterFunction::new_async(move |input: Value| {
        let caller = caller.clone();
        async move { forward(&caller, &input).await }
    });
    iii.register_function("rust-types::forward", forward);
}

async fn forward(iii: &IIIClient, input: &Value) -> Result<Value, SdkError> {
    let function_id = input["functionId"].as_str().unwrap_or_default();
    let request = TriggerRequest::new(function_id, input["payload"].clone());
    match iii.trigger(request).await {
        Ok(result) => Ok(json!({ "result": result })),
        Err(SdkError::Remote { code, message, stacktrace }) => {
            let stacktrace = stacktrace.unwrap_or_default();
            Ok(json!({"error": {"code": code, "message": message, "stacktrace": stacktrace}}))
        }
        Err(other) => Err(other),
    }
}
