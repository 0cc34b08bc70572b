//! What the generator wrote down beside the code of a service, in data.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::http::HttpAdapter;

#[derive(Deserialize)]
pub(super) struct Frame {
    pub id: String,
    pub description: Option<String>,
    pub request_format: Value,
    pub response_format: Value,
    pub metadata: Value,
    pub invocation: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Bound {
    pub trigger_type: String,
    pub function_id: String,
    pub config: Value,
    pub metadata: Map<String, Value>,
}

#[derive(Deserialize)]
pub(super) struct OfMethod {
    pub method: String,
    pub function: Frame,
}

#[derive(Deserialize)]
pub(super) struct OfEvent {
    pub method: String,
    pub function: Frame,
    pub trigger: Bound,
    pub acknowledges: bool,
    pub answers_http: bool,
}

#[derive(Deserialize)]
pub(super) struct OfContract {
    pub function: Frame,
    pub answer: Value,
}

/// What the generator wrote down beside the code of a service.
#[derive(Deserialize)]
pub(super) struct Registration {
    pub service: String,
    pub namespace: Option<String>,
    pub methods: Vec<OfMethod>,
    pub http: Vec<HttpAdapter>,
    pub events: Vec<OfEvent>,
    pub contract: OfContract,
}

impl Frame {
    /// In place of one that was taken.
    pub fn empty() -> Self {
        Self {
            id: String::new(),
            description: None,
            request_format: Value::Null,
            response_format: Value::Null,
            metadata: Value::Null,
            invocation: None,
        }
    }
}
