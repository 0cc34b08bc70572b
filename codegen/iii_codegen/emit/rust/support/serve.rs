//! The way in: registers what the contract says.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use iii_sdk::protocol::{RegisterTriggerInput, TriggerRequest};
use iii_sdk::runtime::FunctionRef;
use iii_sdk::trigger::Trigger;
use iii_sdk::{IIIClient, RegisterFunction};
use serde_json::{json, Value};

use super::context::{within, Binding, Context};
use super::error::Error;
use super::handler::{answer, guarded, Body};
use super::http::{self, HttpAdapter};
use super::method::Method;
use super::registration::{Bound, Frame, OfContract, OfEvent, Registration};
use super::status_line::to_frame;

const ASK_TIMEOUT_MS: u64 = 3000;
const ASK_LIMIT: usize = 32;
const PAUSE: Duration = Duration::from_millis(50);
const DEFAULT_NAMESPACE: &str = "default";

/// How a service is served.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// How long the engine may take to show the functions in its catalogue.
    pub confirm_within: Duration,
    /// Whether tools may ask the worker for its contract.
    pub reflection: bool,
    /// This worker's name, if it has chosen one: functions that another worker owns are then found out.
    pub worker_name: Option<String>,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            confirm_within: Duration::from_secs(10),
            reflection: true,
            worker_name: None,
        }
    }
}

/// A service that is being served, until `unregister` or the end of the connection.
pub struct Served {
    /// The functions of the methods, in the order of the contract.
    pub function_ids: Vec<String>,
    functions: Vec<FunctionRef>,
    triggers: Vec<Trigger>,
}

impl Served {
    /// Takes bindings and functions away again.
    pub fn unregister(self) {
        self.triggers.iter().for_each(Trigger::unregister);
        self.functions.iter().for_each(FunctionRef::unregister);
    }
}

/// Registers one service.
pub struct Registrar<'a> {
    iii: &'a IIIClient,
    options: ServeOptions,
    registration: Registration,
    functions: Vec<FunctionRef>,
}

impl<'a> Registrar<'a> {
    /// `registration` is the JSON text that was generated for the service.
    pub fn new(iii: &'a IIIClient, registration: &str, options: ServeOptions) -> Self {
        Self {
            iii,
            options,
            registration: serde_json::from_str(registration).expect("generated JSON is whole"),
            functions: Vec::new(),
        }
    }

    /// Registers every function, waits until the engine shows them, and binds the triggers.
    pub async fn serve(mut self, methods: Vec<(&'static Method, Body)>) -> Result<Served, Error> {
        self.check_namespace()?;
        let bodies: HashMap<&str, (&'static Method, Body)> = methods
            .into_iter()
            .map(|(method, body)| (method.full_name, (method, guarded(method, body))))
            .collect();
        let mut own = Vec::new();
        let mut all = Vec::new();
        let mut bound = Vec::new();
        for each in std::mem::take(&mut self.registration.methods) {
            own.push(each.function.id.clone());
            all.push(each.function.id.clone());
            match bodies.get(each.method.as_str()) {
                Some((method, body)) => self.method(each.function, method, Arc::clone(body)),
                None => self.endpoint(each.function)?,
            }
        }
        for adapter in std::mem::take(&mut self.registration.http) {
            all.push(adapter.function.id.clone());
            bound.extend(self.http(adapter, &bodies));
        }
        for event in std::mem::take(&mut self.registration.events) {
            all.push(event.function.id.clone());
            bound.extend(self.event(event, &bodies));
        }
        if self.options.reflection {
            self.contract();
        }
        if let Err(error) = self.confirm(all).await {
            self.functions.iter().for_each(FunctionRef::unregister);
            return Err(error);
        }
        Ok(Served {
            function_ids: own,
            triggers: self.bind(bound)?,
            functions: self.functions,
        })
    }

    fn check_namespace(&self) -> Result<(), Error> {
        let own = self.namespace();
        match &self.registration.namespace {
            Some(wanted) if *wanted != own => Err(Error::Rejected {
                function_id: self.registration.service.clone(),
                problem: format!(
                    "its contract is served in namespace {wanted}, this connection is in {own}; connect with that one"
                ),
            }),
            _ => Ok(()),
        }
    }

    fn namespace(&self) -> String {
        let own = self.iii.namespace();
        own.unwrap_or_else(|| DEFAULT_NAMESPACE.to_string())
    }

    fn register(&mut self, frame: Frame, registration: RegisterFunction) {
        let mut registration = registration
            .request_format(frame.request_format)
            .response_format(frame.response_format)
            .metadata(frame.metadata);
        if let Some(description) = frame.description {
            registration = registration.description(description);
        }
        let function = self.iii.register_function(frame.id, registration);
        self.functions.push(function);
    }

    fn method(&mut self, frame: Frame, method: &'static Method, body: Body) {
        let id = frame.id.clone();
        let acknowledges = method.acknowledges_violations;
        let run = move |mut payload: Value, metadata: Option<Value>| {
            let context = Context::new(&id, &mut payload, metadata);
            let acknowledges = acknowledges && context.queued();
            answer(method, Arc::clone(&body), payload, context, acknowledges)
        };
        self.register(frame, RegisterFunction::new_async(run));
    }

    /// A function the engine invokes over HTTP.
    fn endpoint(&mut self, mut frame: Frame) -> Result<(), Error> {
        let config = frame.invocation.take().unwrap_or(Value::Null);
        let config = serde_json::from_value(config).map_err(iii_sdk::Error::from)?;
        self.register(frame, RegisterFunction::http(config));
        Ok(())
    }

    fn http(
        &mut self,
        adapter: HttpAdapter,
        bodies: &HashMap<&str, (&'static Method, Body)>,
    ) -> Vec<Bound> {
        let (frame, routes, triggers) = adapter.prepared(bodies);
        let id = frame.id.clone();
        let routes = Arc::new(routes);
        let run = move |mut payload: Value, metadata: Option<Value>| {
            let context = Context::new(&id, &mut payload, metadata);
            let (routes, id) = (Arc::clone(&routes), id.clone());
            async move {
                let deadline = context.deadline;
                let answered = within(deadline, http::answer(&routes, &id, payload, context)).await;
                answered.map_err(|error| to_frame(error, &id))
            }
        };
        self.register(frame, RegisterFunction::new_async(run));
        triggers
    }

    fn event(
        &mut self,
        event: OfEvent,
        bodies: &HashMap<&str, (&'static Method, Body)>,
    ) -> Option<Bound> {
        let (method, body) = bodies.get(event.method.as_str())?;
        let (method, body) = (*method, Arc::clone(body));
        let (acknowledges, answers_http) = (event.acknowledges, event.answers_http);
        let id = event.function.id.clone();
        let binding = Binding {
            trigger_type: event.trigger.trigger_type.clone(),
            metadata: event.trigger.metadata.clone(),
        };
        let run = move |mut payload: Value, metadata: Option<Value>| {
            let mut context = Context::new(&id, &mut payload, metadata);
            context.binding = Some(binding.clone());
            let answered = answer(method, Arc::clone(&body), payload, context, acknowledges);
            async move {
                let value = answered.await?;
                Ok(if answers_http {
                    http::as_engine_takes_it(value)
                } else {
                    value
                })
            }
        };
        self.register(event.function, RegisterFunction::new_async(run));
        Some(event.trigger)
    }

    /// The function that tools ask for the contract; nobody waits for it.
    fn contract(&mut self) {
        let OfContract { function, answer } = std::mem::replace(
            &mut self.registration.contract,
            OfContract {
                function: Frame::empty(),
                answer: Value::Null,
            },
        );
        let run = move |_: Value| {
            let answer = answer.clone();
            async move { Ok(answer) }
        };
        self.register(function, RegisterFunction::new_async(run));
    }

    fn bind(&self, bound: Vec<Bound>) -> Result<Vec<Trigger>, Error> {
        let bind = |each: Bound| {
            let mut input =
                RegisterTriggerInput::new(each.trigger_type, each.function_id, each.config);
            if !each.metadata.is_empty() {
                input = input.with_metadata(Value::Object(each.metadata));
            }
            // The engine that has what replaces triggers does not offer it yet.
            #[allow(deprecated)]
            self.iii.register_trigger(input).map_err(Error::from)
        };
        bound.into_iter().map(bind).collect()
    }

    /// Registrations are not acknowledged, so the catalogue is asked.
    async fn confirm(&self, mut unsure: Vec<String>) -> Result<(), Error> {
        let deadline = Instant::now() + self.options.confirm_within;
        loop {
            let asked = self.unconfirmed(&unsure).await;
            if let Some(fatal) = self.iii.fatal_error() {
                return Err(fatal.into());
            }
            match asked {
                Ok(left) if left.is_empty() => return Ok(()),
                Ok(left) => unsure = left,
                Err(error @ Error::Rejected { .. }) => return Err(error),
                Err(Error::Sdk(error)) if is_forbidden(&error) => return Ok(()),
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => {}
            }
            if Instant::now() >= deadline {
                return Err(Error::Rejected {
                    function_id: unsure.swap_remove(0),
                    problem:
                        "the engine's catalogue does not show it: is another worker serving it?"
                            .to_string(),
                });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn unconfirmed(&self, ids: &[String]) -> Result<Vec<String>, Error> {
        let mut unsure = Vec::new();
        for asked in ids.chunks(ASK_LIMIT) {
            let payload = json!({"function_ids": asked, "namespace": self.namespace()});
            let mut request = TriggerRequest::new("engine::functions::info", payload);
            request.timeout_ms = Some(ASK_TIMEOUT_MS);
            let answer = self.iii.trigger(request).await?;
            let rows = answer["functions"].as_array().cloned().unwrap_or_default();
            for row in rows {
                let id = row["function_id"].as_str().unwrap_or_default().to_string();
                match row["error"].as_str() {
                    Some("forbidden") => {}
                    Some(_) => unsure.push(id),
                    None => self.check_owner(id, &row)?,
                }
            }
        }
        Ok(unsure)
    }

    fn check_owner(&self, function_id: String, row: &Value) -> Result<(), Error> {
        match (&self.options.worker_name, row["worker_name"].as_str()) {
            (Some(own), Some(owner)) if own != owner => Err(Error::Rejected {
                function_id,
                problem: format!("owned by worker {owner}; stop it, or choose another function id"),
            }),
            _ => Ok(()),
        }
    }
}

fn is_forbidden(error: &iii_sdk::Error) -> bool {
    matches!(error, iii_sdk::Error::Remote { code, .. } if code == "FORBIDDEN")
}
