//! Errors to frames and back: the status is the last line of the stack.

use serde_json::{json, Map, Value};

use super::error::{Code, Error, Side, Status, Violation};

const PREFIX: &str = "iii-status/1 ";
const VIOLATION_CODE: &str = "contract_violation";
const VIOLATION_TYPE: &str = "iii_bridge/contract_violation";
const TIMEOUT: &str = "TIMEOUT";
const CAUSED: &str = "\n\nThe above exception was the direct cause of the following exception:\n";
const WRAPPER: &str = "_TraceContextError";

/// A violation as the object that stands among the details of a status.
pub(super) fn violation_detail(violation: &Violation) -> Value {
    json!({
        "@type": VIOLATION_TYPE,
        "function": violation.function_id,
        "side": violation.side.name(),
        "path": violation.path,
        "problem": violation.problem,
    })
}

/// What a handler of `function_id` answers with.
pub(super) fn to_frame(error: Error, function_id: &str) -> iii_sdk::Error {
    match error {
        Error::Violation(violation) => {
            let code = fault_of(&violation, function_id);
            let message = violation.to_string();
            let stacktrace = line(code, &message, &[violation_detail(&violation)]);
            remote(VIOLATION_CODE, message, Some(stacktrace))
        }
        Error::Status(status) => {
            let stacktrace = line(status.code, &status.message, &status.details);
            remote(status.code.name(), status.message, Some(stacktrace))
        }
        Error::Truncated { .. } => {
            let status = Status::new(error.code(), error.to_string());
            to_frame(Error::Status(status), function_id)
        }
        other => remote("invocation_failed", other.to_string(), None),
    }
}

/// What is answered when the caller's time is over.
pub(super) fn deadline_frame(function_id: &str) -> iii_sdk::Error {
    let message = format!("{function_id} stopped at its caller's deadline");
    remote(TIMEOUT, message, None)
}

/// A violation further down the line is not the fault of whoever called.
pub(super) fn fault_of(violation: &Violation, function_id: &str) -> Code {
    if violation.function_id == function_id {
        violation.code()
    } else {
        Code::Internal
    }
}

/// What a caller of `function_id` is given.
pub(super) fn from_frame(error: iii_sdk::Error, function_id: &str) -> Error {
    let function_id = function_id.to_string();
    match error {
        iii_sdk::Error::Remote {
            code,
            message,
            stacktrace,
        } => match stacktrace.as_deref().and_then(parse) {
            Some(status) => status
                .details
                .iter()
                .find_map(violation)
                .map_or(Error::Status(status), Error::Violation),
            None if code == TIMEOUT => Error::Timeout {
                function_id,
                sent: true,
            },
            None => Error::Remote {
                function_id,
                code,
                message,
                stacktrace,
            },
        },
        iii_sdk::Error::Timeout => Error::Timeout {
            function_id,
            sent: true,
        },
        other => other.into(),
    }
}

fn remote(code: &str, message: String, stacktrace: Option<String>) -> iii_sdk::Error {
    iii_sdk::Error::Remote {
        code: code.to_string(),
        message,
        stacktrace,
    }
}

fn line(code: Code, message: &str, details: &[Value]) -> String {
    let objects: Vec<&Value> = details.iter().filter(|each| each.is_object()).collect();
    let body = json!({"code": code.name(), "message": message, "details": objects});
    format!("{PREFIX}{body}")
}

/// The status in the last line of a stack; none where there is none that is whole.
fn parse(stack: &str) -> Option<Status> {
    let last = last_line(own_stack(stack));
    let body: Map<String, Value> = serde_json::from_str(last.strip_prefix(PREFIX)?).ok()?;
    let details = match body.get("details") {
        None => Vec::new(),
        Some(Value::Array(items)) if items.iter().all(Value::is_object) => items.clone(),
        Some(_) => return None,
    };
    Some(Status {
        code: Code::from_name(body.get("code")?.as_str()?)?,
        message: body.get("message")?.as_str()?.to_string(),
        details,
    })
}

/// What the handler raised: the Python SDK raises an exception of its own from it, and sends both.
fn own_stack(stack: &str) -> &str {
    match stack.rsplit_once(CAUSED) {
        Some((own, wrapper))
            if last_line(wrapper)
                .split(':')
                .next()
                .is_some_and(|name| name.ends_with(WRAPPER)) =>
        {
            own
        }
        _ => stack,
    }
}

fn last_line(stack: &str) -> &str {
    stack
        .trim_end()
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .trim()
}

fn violation(detail: &Value) -> Option<Violation> {
    if detail.get("@type")?.as_str()? != VIOLATION_TYPE {
        return None;
    }
    let text = |name: &str| detail.get(name)?.as_str().map(str::to_string);
    Some(Violation {
        function_id: text("function")?,
        side: Side::from_name(&text("side")?)?,
        path: text("path")?,
        problem: text("problem")?,
    })
}
