//! Between http triggers and methods: one function for the routes of a method, which transcodes.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{json, Map, Value};

use super::context::{Binding, Context};
use super::error::{Code, Error, Side, Violation};
use super::handler::Body;
use super::method::Method;
use super::registration::{Bound, Frame};
use super::status_line::{fault_of, violation_detail};
use super::transcode::{Rule, Transcoder};

/// What the generator wrote down for the routes of one method.
#[derive(Deserialize)]
pub(super) struct HttpAdapter {
    pub function: Frame,
    routes: Vec<OfRoute>,
}

#[derive(Deserialize)]
struct OfRoute {
    trigger: Bound,
    targets: Vec<OfTarget>,
}

#[derive(Deserialize)]
struct OfTarget {
    method: String,
    rule: Rule,
    metadata: Map<String, Value>,
}

/// One route of the engine; rules that differ in their custom verbs alone share it.
pub(super) struct Route {
    key: (String, String),
    /// The names of the path's parameters, in order.
    parameters: Vec<String>,
    path: String,
    trigger_type: String,
    targets: Vec<Target>,
}

struct Target {
    transcoder: Transcoder,
    body: Body,
    metadata: Map<String, Value>,
}

impl HttpAdapter {
    /// The function, its routes, and what to bind.
    pub(super) fn prepared(
        self,
        bodies: &HashMap<&str, (&'static Method, Body)>,
    ) -> (Frame, Vec<Route>, Vec<Bound>) {
        let (mut routes, mut triggers) = (Vec::new(), Vec::new());
        for OfRoute { trigger, targets } in self.routes {
            let text = |name: &str| trigger.config[name].as_str().map(str::to_string);
            let path = text("api_path").unwrap_or_default();
            let verb = text("http_method").unwrap_or_else(|| "GET".to_string());
            let targets = targets.into_iter().filter_map(|target| {
                let (method, body) = bodies.get(target.method.as_str())?;
                Some(Target {
                    transcoder: Transcoder::new(method, target.rule),
                    body: Body::clone(body),
                    metadata: target.metadata,
                })
            });
            routes.push(Route {
                key: key(&verb, &path),
                parameters: path
                    .split('/')
                    .filter_map(|part| part.strip_prefix(':').map(str::to_string))
                    .collect(),
                path,
                trigger_type: trigger.trigger_type.clone(),
                targets: targets.collect(),
            });
            triggers.push(trigger);
        }
        (self.function, routes, triggers)
    }
}

impl Route {
    fn find(&self, request: &Value) -> Option<(&Target, Vec<(String, String)>)> {
        let value = |name: &String| {
            request["path_params"][name.as_str()]
                .as_str()
                .unwrap_or_default()
        };
        let values: Vec<&str> = self.parameters.iter().map(value).collect();
        self.targets.iter().find_map(|target| {
            let bound = target.transcoder.bind(&self.path, &values)?;
            Some((target, bound))
        })
    }
}

fn key(method: &str, path: &str) -> (String, String) {
    (method.to_uppercase(), path.trim_matches('/').to_string())
}

/// Answers a request: with 200, or with a status and a body that says why.
pub(super) async fn answer(
    routes: &[Route],
    function_id: &str,
    request: Value,
    mut context: Context,
) -> Result<Value, Error> {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let asked = key(text("method"), text("path"));
    let Some(route) = routes.iter().find(|route| route.key == asked) else {
        return Err(Error::Violation(Violation {
            function_id: function_id.to_string(),
            side: Side::Request,
            path: "$".to_string(),
            problem: "this function answers http triggers only; call the method's own function"
                .to_string(),
        }));
    };
    let Some((target, path)) = route.find(&request) else {
        return Ok(failure_body(Code::NotFound, "no method has this path", &[]));
    };
    context.binding = Some(Binding {
        trigger_type: route.trigger_type.clone(),
        metadata: target.metadata.clone(),
    });
    let answered = run(target, path, &request, context).await;
    let method = target.transcoder.method();
    Ok(answered.unwrap_or_else(|error| failure(&error, method.function_id)))
}

async fn run(
    target: &Target,
    path: Vec<(String, String)>,
    request: &Value,
    context: Context,
) -> Result<Value, Error> {
    let transcoder = &target.transcoder;
    let body = if transcoder.reads_body() {
        body_of(transcoder.method(), request)?
    } else {
        None
    };
    let query = request["query_params"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let data = transcoder.request(path, &query, body)?;
    let work = (target.body)(data, context.clone());
    let response = match context.remaining() {
        None => work.await?,
        Some(left) => tokio::time::timeout(left, work)
            .await
            .map_err(|_| Error::Timeout {
                function_id: transcoder.method().function_id.to_string(),
                sent: true,
            })??,
    };
    Ok(answer_with(200, transcoder.response(response)))
}

/// The engine hands over null for no body, broken JSON and other content types alike.
fn body_of(method: &Method, request: &Value) -> Result<Option<Value>, Violation> {
    let body = &request["body"];
    if !body.is_null() {
        return Ok(Some(body.clone()));
    }
    let headers = &request["headers"];
    let length = headers["content-length"].as_str().unwrap_or("0");
    if length == "0" && headers.get("transfer-encoding").is_none() {
        return Ok(None);
    }
    Err(Violation {
        function_id: method.function_id.to_string(),
        side: Side::Request,
        path: "$".to_string(),
        problem: "the body is not readable as JSON; send it with content-type application/json"
            .to_string(),
    })
}

fn failure(error: &Error, function_id: &str) -> Value {
    match error {
        Error::Violation(violation) => {
            let code = fault_of(violation, function_id);
            failure_body(code, &violation.to_string(), &[violation_detail(violation)])
        }
        Error::Status(status) => failure_body(status.code, &status.message, &status.details),
        other => {
            tracing::warn!("{function_id} failed: {other}");
            failure_body(other.code(), &other.to_string(), &[])
        }
    }
}

fn failure_body(code: Code, message: &str, details: &[Value]) -> Value {
    let body = json!({"code": code.name(), "message": message, "details": details});
    answer_with(code.http_status(), body)
}

fn answer_with(status: u16, body: Value) -> Value {
    json!({"status_code": status, "headers": {"content-type": "application/json"}, "body": body})
}

/// An iii_bridge.v1.HttpResponse in the form the engine takes: repeated headers as lines.
pub(super) fn as_engine_takes_it(mut response: Value) -> Value {
    let more = response
        .as_object_mut()
        .and_then(|members| members.remove("more_headers"));
    let more = more
        .as_ref()
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if more.is_empty() {
        return response;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let named = response["headers"].as_object().cloned().unwrap_or_default();
    let mut lines: Vec<String> = named
        .iter()
        .map(|(name, value)| format!("{name}: {}", text(value)))
        .collect();
    lines.extend(
        more.iter()
            .map(|each| format!("{}: {}", text(&each["name"]), text(&each["value"]))),
    );
    response["headers"] = json!(lines);
    response
}
