//! Methods as JSON in, JSON out, and how one is run to its answer.

use std::future::{poll_fn, Future};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use prost::Message;
use serde_json::Value;

use super::codec::{decode, encode};
use super::context::{within, Context};
use super::error::{Error, Side};
use super::method::Method;
use super::status_line::{deadline_frame, to_frame};

type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// One method as JSON in, JSON out, with the contract checked on both sides.
pub type Body = Arc<dyn Fn(Value, Context) -> Answer<Result<Value, Error>> + Send + Sync>;

/// A method of a service as a `Body`.
pub fn handler<I, O, F, Fut>(method: &'static Method, run: F) -> (&'static Method, Body)
where
    I: Message + Default + 'static,
    O: Message + Default + 'static,
    F: Fn(I, Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O, Error>> + Send + 'static,
{
    let run = Arc::new(run);
    let body: Body = Arc::new(move |payload, context| {
        let run = Arc::clone(&run);
        Box::pin(async move {
            let request = decode(method, Side::Request, payload)?;
            let response = run(request, context).await?;
            Ok(encode(method, Side::Response, &response)?)
        })
    });
    (method, body)
}

/// The same, but a handler that panics answers: the crate would leave its caller waiting.
pub(super) fn guarded(method: &'static Method, body: Body) -> Body {
    Arc::new(move |payload, context| {
        let mut work = body(payload, context);
        Box::pin(poll_fn(move |task| {
            let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(task)));
            polled.unwrap_or_else(|_| {
                Poll::Ready(Err(Error::Remote {
                    function_id: method.function_id.to_string(),
                    code: "invocation_failed".to_string(),
                    message: "the handler panicked".to_string(),
                    stacktrace: None,
                }))
            })
        }))
    })
}

/// Runs a method until its caller's deadline; what it ends with is a frame's result or error.
pub(super) async fn answer(
    method: &'static Method,
    body: Body,
    payload: Value,
    context: Context,
    acknowledges: bool,
) -> Result<Value, iii_sdk::Error> {
    let function_id = context.function_id.clone();
    let (deadline, remaining) = (context.deadline, context.remaining());
    let work = within(deadline, body(payload, context));
    let result = match remaining {
        None => work.await,
        Some(left) => match tokio::time::timeout(left, work).await {
            Ok(result) => result,
            Err(_) => return Err(deadline_frame(&function_id)),
        },
    };
    match result {
        Err(Error::Violation(violation))
            if acknowledges
                && violation.side == Side::Request
                && violation.function_id == method.function_id =>
        {
            tracing::error!("acknowledged a delivery that violates its contract: {violation}");
            Ok(Value::Null)
        }
        result => result.map_err(|error| to_frame(error, method.function_id)),
    }
}
