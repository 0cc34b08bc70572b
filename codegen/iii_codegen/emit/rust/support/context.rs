//! What a handler knows of the invocation it serves, and what travels beside payloads.

use std::future::Future;
use std::time::{Duration, Instant};

use serde_json::{json, Map, Value};

/// Our member of metadata and of payloads.
pub(super) const MEMBER: &str = "iii-bridge";
/// What the engine adds to object payloads.
pub(super) const CALLER_MEMBER: &str = "_caller_worker_id";

tokio::task_local! {
    static DEADLINE: Option<Instant>;
}

/// Which trigger invoked a function, and the contract's metadata for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    pub trigger_type: String,
    pub metadata: Map<String, Value>,
}

/// What a handler knows of the invocation it serves.
#[derive(Clone, Debug)]
pub struct Context {
    pub function_id: String,
    pub invocation_id: String,
    /// The worker that called, as the engine names it; none for triggers and queues.
    pub caller_worker_id: Option<String>,
    /// The metadata of the invocation, without what iii-bridge keeps in it.
    pub metadata: Map<String, Value>,
    /// The binding that invoked the function; none for a direct call.
    pub binding: Option<Binding>,
    /// 1 for the first try of a call, one more for each retry.
    pub attempt: u64,
    /// The W3C trace context, where tracing is on.
    pub traceparent: Option<String>,
    pub baggage: Option<String>,
    pub(super) deadline: Option<Instant>,
    has_sidecar: bool,
}

impl Context {
    /// Reads what arrived beside a payload, and takes the caller out of the payload.
    pub(super) fn new(function_id: &str, payload: &mut Value, metadata: Option<Value>) -> Self {
        let invocation = iii_sdk::current_invocation();
        let mut metadata = match metadata {
            Some(Value::Object(members)) => members,
            _ => Map::new(),
        };
        let sidecar = metadata.remove(MEMBER);
        let read = |name: &str| sidecar.as_ref().and_then(|ours| ours.get(name));
        let remaining = read("remaining_ms").and_then(Value::as_f64);
        let caller = payload
            .as_object_mut()
            .and_then(|members| members.remove(CALLER_MEMBER));
        Self {
            function_id: function_id.to_string(),
            invocation_id: invocation
                .as_ref()
                .map_or_else(String::new, |known| known.invocation_id.clone()),
            caller_worker_id: caller.as_ref().and_then(Value::as_str).map(str::to_string),
            attempt: read("attempt").and_then(Value::as_u64).unwrap_or(1).max(1),
            deadline: remaining.and_then(after),
            has_sidecar: sidecar.is_some_and(|ours| ours.is_object()),
            traceparent: invocation
                .as_ref()
                .and_then(|known| known.traceparent.clone()),
            baggage: invocation.and_then(|known| known.baggage),
            binding: None,
            metadata,
        }
    }

    /// The time until the caller stops waiting; none where there is no deadline, zero once it has passed.
    pub fn remaining(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// Whether this looks like a delivery by a queue: those carry neither a caller nor metadata.
    pub(super) fn queued(&self) -> bool {
        !self.has_sidecar && self.metadata.is_empty() && self.caller_worker_id.is_none()
    }
}

fn after(milliseconds: f64) -> Option<Instant> {
    let left = Duration::try_from_secs_f64((milliseconds / 1000.0).max(0.0)).ok()?;
    Instant::now().checked_add(left)
}

/// Runs a handler so that the calls it makes do not outlive its caller.
pub(super) async fn within<F: Future>(deadline: Option<Instant>, work: F) -> F::Output {
    DEADLINE.scope(deadline, work).await
}

/// The time the invocation that is being served has left; none outside of one, or without a deadline.
pub(super) fn inherited() -> Option<Duration> {
    let deadline = DEADLINE.try_with(|deadline| *deadline).ok().flatten()?;
    Some(deadline.saturating_duration_since(Instant::now()))
}

/// Metadata with the sidecar of a first attempt.
pub(super) fn with_sidecar(
    mut metadata: Map<String, Value>,
    remaining: Option<Duration>,
) -> Map<String, Value> {
    let mut ours = json!({"attempt": 1});
    if let Some(left) = remaining {
        ours["remaining_ms"] = u64::try_from(left.as_millis()).unwrap_or(u64::MAX).into();
    }
    metadata.insert(MEMBER.to_string(), ours);
    metadata
}
