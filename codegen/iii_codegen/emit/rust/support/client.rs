//! The way out: typed calls.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use iii_sdk::protocol::{TriggerRequest, TriggerRequestWithMetadata};
use iii_sdk::{IIIClient, TriggerAction};
use prost::Message;
use serde_json::{Map, Value};

use super::codec::{decode, encode};
use super::context::{inherited, with_sidecar, MEMBER};
use super::error::{Code, Error, Side, Status, Violation};
use super::method::{Delivery, Method};
use super::status_line::from_frame;
use super::stream_client::{BidiStream, ClientStream, ServerStream, StreamCall};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The queue has taken a message; nothing is said of when it is handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub message_receipt_id: String,
}

/// What a client of a service calls through.
#[derive(Clone)]
pub struct Caller {
    iii: IIIClient,
}

impl Caller {
    pub fn new(iii: &IIIClient) -> Self {
        Self { iii: iii.clone() }
    }

    /// A call that is answered with a stream.
    pub fn server_stream<I, O>(
        &self,
        method: &'static Method,
        request: I,
    ) -> StreamCall<ServerStream<I, O>>
    where
        I: Message,
        O: Message + Default,
    {
        StreamCall::server(&self.iii, method, request)
    }

    /// A call that sends a stream.
    pub fn client_stream<I, O>(&self, method: &'static Method) -> StreamCall<ClientStream<I, O>>
    where
        I: Message,
        O: Message + Default,
    {
        StreamCall::client(&self.iii, method)
    }

    /// A call that sends a stream and is answered with one.
    pub fn bidi_stream<I, O>(&self, method: &'static Method) -> StreamCall<BidiStream<I, O>>
    where
        I: Message,
        O: Message + Default,
    {
        StreamCall::bidi(&self.iii, method)
    }

    /// A call to be awaited, or to be sent with `void` or `enqueue`.
    pub fn call<I, O>(&self, method: &'static Method, request: I) -> Call<I, O> {
        Call {
            iii: self.iii.clone(),
            method,
            function_id: method.function_id.to_string(),
            namespace: method.namespace.map(str::to_string),
            timeout: None,
            metadata: Map::new(),
            request,
            response: PhantomData,
        }
    }
}

/// A call that has not been made yet: awaiting it makes it as the contract says.
#[must_use = "a call is made when it is awaited, or with void or enqueue"]
pub struct Call<I, O> {
    iii: IIIClient,
    method: &'static Method,
    function_id: String,
    namespace: Option<String>,
    timeout: Option<Duration>,
    metadata: Map<String, Value>,
    request: I,
    response: PhantomData<fn() -> O>,
}

impl<I: Message, O: Message + Default> Call<I, O> {
    /// How long to wait, instead of the contract's time.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// A member of the metadata that goes with the call.
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    /// Calls in another namespace than the contract's, or the connection's.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Calls another function that has the same contract.
    pub fn function_id(mut self, function_id: impl Into<String>) -> Self {
        self.function_id = function_id.into();
        self
    }

    /// Sends the request and waits for nothing.
    pub async fn void(self) -> Result<(), Error> {
        let payload = self.encoded()?;
        let metadata = self.checked_metadata()?.clone();
        let request = self.request_for(payload, Some(TriggerAction::Void), None, metadata);
        let sent = self.iii.trigger(request).await;
        sent.map(drop)
            .map_err(|error| from_frame(error, &self.function_id))
    }

    /// Puts the request into the contract's queue.
    pub async fn enqueue(self) -> Result<Receipt, Error> {
        let queue = self.method.queue.ok_or_else(|| {
            let problem = format!(
                "the contract of {} names no queue: use enqueue_to",
                self.function_id
            );
            Status::new(Code::FailedPrecondition, problem)
        })?;
        self.enqueue_to(queue).await
    }

    /// Puts the request into a queue. Metadata is not carried on this way.
    pub async fn enqueue_to(self, queue: impl Into<String>) -> Result<Receipt, Error> {
        let timeout = self.budget()?;
        let action = TriggerAction::Enqueue {
            queue: queue.into(),
        };
        let request = self.request_for(self.encoded()?, Some(action), Some(timeout), Map::new());
        let answer = self.iii.trigger(request).await;
        let answer = answer.map_err(|error| from_frame(error, &self.function_id))?;
        let receipt = answer.get("messageReceiptId").and_then(Value::as_str);
        let message_receipt_id = receipt.map(str::to_string).ok_or_else(|| Violation {
            function_id: self.function_id.clone(),
            side: Side::Response,
            path: "$.messageReceiptId".to_string(),
            problem: "the queue's answer is not a receipt".to_string(),
        })?;
        Ok(Receipt { message_receipt_id })
    }

    /// Makes the call and waits for its response, whatever delivery the contract names.
    pub async fn wait(self) -> Result<O, Error> {
        let timeout = self.budget()?;
        let payload = self.encoded()?;
        let metadata = with_sidecar(self.checked_metadata()?.clone(), Some(timeout));
        let request = self.request_for(payload, None, Some(timeout), metadata);
        let answer = self.iii.trigger(request).await;
        let answer = answer.map_err(|error| from_frame(error, &self.function_id))?;
        Ok(decode(self.method, Side::Response, answer).map_err(|found| self.named(found))?)
    }

    async fn deliver(self) -> Result<O, Error> {
        match self.method.delivery {
            Delivery::Sync => self.wait().await,
            Delivery::Void => self.void().await.map(|()| O::default()),
            Delivery::Enqueue => self.enqueue().await.map(|_| O::default()),
        }
    }

    fn encoded(&self) -> Result<Value, Violation> {
        encode(self.method, Side::Request, &self.request).map_err(|found| self.named(found))
    }

    fn named(&self, violation: Violation) -> Violation {
        Violation {
            function_id: self.function_id.clone(),
            ..violation
        }
    }

    fn checked_metadata(&self) -> Result<&Map<String, Value>, Error> {
        if self.metadata.contains_key(MEMBER) {
            let problem = format!("metadata member {MEMBER} is reserved; use another name");
            return Err(Status::new(Code::InvalidArgument, problem).into());
        }
        Ok(&self.metadata)
    }

    /// The time the call has: never more than the invocation that is being served has left.
    fn budget(&self) -> Result<Duration, Error> {
        let own = self.method.timeout_ms.map(Duration::from_millis);
        let chosen = self.timeout.or(own).unwrap_or(DEFAULT_TIMEOUT);
        let left = inherited().map_or(chosen, |left| left.min(chosen));
        if left.is_zero() {
            let function_id = self.function_id.clone();
            return Err(Error::Timeout {
                function_id,
                sent: false,
            });
        }
        Ok(left)
    }

    fn request_for(
        &self,
        payload: Value,
        action: Option<TriggerAction>,
        timeout: Option<Duration>,
        metadata: Map<String, Value>,
    ) -> TriggerRequestWithMetadata {
        let mut request = TriggerRequest::new(self.function_id.clone(), payload);
        request.action = action;
        request.timeout_ms =
            timeout.map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1));
        let mut request = TriggerRequestWithMetadata::from(request);
        if !metadata.is_empty() {
            request = request.metadata(Value::Object(metadata));
        }
        match &self.namespace {
            Some(namespace) => request.namespace(namespace.clone()),
            None => request,
        }
    }
}

impl<I: Message + 'static, O: Message + Default + 'static> IntoFuture for Call<I, O> {
    type Output = Result<O, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.deliver())
    }
}
