//! The status convention: a handler's status is the last line of the stack, and here also the code.

use iii_sdk::Error;
use serde_json::json;

/// A canonical status that arrives as that status at the caller, whatever its language.
pub fn status(code: &str, message: impl Into<String>) -> Error {
    let message = message.into();
    let line = json!({"code": code, "message": message, "details": []});
    Error::Remote {
        code: code.to_string(),
        message,
        stacktrace: Some(format!("iii-status/1 {line}")),
    }
}
