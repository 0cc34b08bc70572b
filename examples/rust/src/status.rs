//! The status convention: a handler's status is the last line of the stack, and here also the code.

use iii_sdk::Error;
use serde_json::{json, Value};

/// Which half of a call does not fit the contract.
#[derive(Clone, Copy)]
pub enum Side {
    Request,
    Response,
}

/// A canonical status that arrives as that status at the caller, whatever its language.
pub fn status(code: &str, message: impl Into<String>) -> Error {
    with_line(code, code, message.into(), json!([]))
}

/// Data that does not fit the contract: INVALID_ARGUMENT for a request, INTERNAL for a response.
pub fn violation(function_id: &str, side: Side, path: &str, problem: &str) -> Error {
    let (name, code) = match side {
        Side::Request => ("request", "INVALID_ARGUMENT"),
        Side::Response => ("response", "INTERNAL"),
    };
    let message = format!("{function_id} {name} does not fit its contract: {problem} at {path}");
    let detail = json!({
        "@type": "iii_bridge/contract_violation",
        "function": function_id,
        "side": name,
        "path": path,
        "problem": problem,
    });
    with_line("contract_violation", code, message, json!([detail]))
}

fn with_line(wire_code: &str, code: &str, message: String, details: Value) -> Error {
    let line = json!({"code": code, "message": message, "details": details});
    Error::Remote {
        code: wire_code.to_string(),
        message,
        stacktrace: Some(format!("iii-status/1 {line}")),
    }
}
