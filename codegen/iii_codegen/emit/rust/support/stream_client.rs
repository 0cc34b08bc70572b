//! Calls of streaming methods.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::task::Poll;
use std::time::Duration;

use iii_sdk::channel::{ChannelReader, StreamChannelRef};
use iii_sdk::helpers::create_channel;
use iii_sdk::protocol::{TriggerRequest, TriggerRequestWithMetadata};
use iii_sdk::IIIClient;
use prost::Message;
use serde_json::{json, Map, Value};

use super::codec::{decode, encode};
use super::context::{inherited, with_sidecar, MEMBER};
use super::error::{Code, Error, Side, Status};
use super::method::Method;
use super::responses::{Invoking, Responses};
use super::status_line::from_frame;
use super::stream::{Outbox, Sender};

/// What the crate is told to wait where nobody names a limit: it would stop after 30 seconds.
const NO_LIMIT: Duration = Duration::from_secs(1_000_000);

/// A streaming call that has not begun: `start` begins it.
#[must_use = "a streaming call begins with start"]
pub struct StreamCall<K> {
    iii: IIIClient,
    method: &'static Method,
    namespace: Option<String>,
    timeout: Option<Duration>,
    metadata: Map<String, Value>,
    kind: K,
}

/// A call whose request is `I`, answered with a stream of `O`.
pub struct ServerStream<I, O>(pub(super) I, PhantomData<fn() -> O>);
/// A call with a stream of `I`, answered with one `O`.
pub struct ClientStream<I, O>(PhantomData<fn(I) -> O>);
/// A call with a stream of `I`, answered with a stream of `O`.
pub struct BidiStream<I, O>(PhantomData<fn(I) -> O>);

impl<K> StreamCall<K> {
    fn new(iii: &IIIClient, method: &'static Method, kind: K) -> Self {
        Self {
            iii: iii.clone(),
            method,
            namespace: method.namespace.map(str::to_string),
            timeout: None,
            metadata: Map::new(),
            kind,
        }
    }

    /// How long the whole stream may take; streams have no limit unless the contract names one.
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

    fn limit(&self) -> Result<Option<Duration>, Error> {
        let own = self.method.timeout_ms.map(Duration::from_millis);
        let chosen = self.timeout.or(own);
        let limit = match (chosen, inherited()) {
            (Some(chosen), Some(left)) => Some(chosen.min(left)),
            (chosen, left) => chosen.or(left),
        };
        if limit.is_some_and(|limit| limit.is_zero()) {
            return Err(Error::Timeout {
                function_id: self.method.function_id.to_string(),
                sent: false,
            });
        }
        Ok(limit)
    }

    fn invoke(
        &self,
        mut payload: Value,
        refs: Value,
        limit: Option<Duration>,
    ) -> Result<Invoking, Error> {
        if self.metadata.contains_key(MEMBER) {
            let problem = format!("metadata member {MEMBER} is reserved; use another name");
            return Err(Status::new(Code::InvalidArgument, problem).into());
        }
        payload[MEMBER] = refs;
        let function_id = self.method.function_id;
        let mut request = TriggerRequest::new(function_id, payload);
        let left = limit.unwrap_or(NO_LIMIT);
        request.timeout_ms = Some(u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1));
        let metadata = with_sidecar(self.metadata.clone(), limit);
        let mut request =
            TriggerRequestWithMetadata::from(request).metadata(Value::Object(metadata));
        if let Some(namespace) = &self.namespace {
            request = request.namespace(namespace.clone());
        }
        let iii = self.iii.clone();
        Ok(Box::pin(async move {
            let answer = iii.trigger(request).await;
            answer.map_err(|error| from_frame(error, function_id))
        }))
    }

    async fn responses(&self) -> Result<(ChannelReader, StreamChannelRef), Error> {
        let channel = create_channel(&self.iii, None).await?;
        Ok((channel.reader, channel.writer_ref))
    }

    async fn requests(&self) -> Result<(Outbox, StreamChannelRef), Error> {
        let channel = create_channel(&self.iii, None).await?;
        Ok((Outbox::new(channel.writer), channel.reader_ref))
    }
}

impl<I: Message, O: Message + Default> StreamCall<ServerStream<I, O>> {
    pub(super) fn server(iii: &IIIClient, method: &'static Method, request: I) -> Self {
        Self::new(iii, method, ServerStream(request, PhantomData))
    }

    /// Makes the call; the responses are read from what it returns, and dropping that ends it.
    pub async fn start(self) -> Result<Responses<O>, Error> {
        let limit = self.limit()?;
        let payload = encode(self.method, Side::Request, &self.kind.0)?;
        let (reader, writer_ref) = self.responses().await?;
        let invoking = self.invoke(payload, json!({ "responses": writer_ref }), limit)?;
        let mut responses = Responses::new(self.method, reader, invoking);
        responses.begin().await;
        Ok(responses)
    }
}

impl<I: Message, O: Message + Default> StreamCall<ClientStream<I, O>> {
    pub(super) fn client(iii: &IIIClient, method: &'static Method) -> Self {
        Self::new(iii, method, ClientStream(PhantomData))
    }

    /// Makes the call; requests are sent with what it returns.
    pub async fn start(self) -> Result<Upload<I, O>, Error> {
        let limit = self.limit()?;
        let (outbox, reader_ref) = self.requests().await?;
        let mut invoking = self.invoke(json!({}), json!({ "requests": reader_ref }), limit)?;
        let result = once(&mut invoking).await;
        Ok(Upload {
            method: self.method,
            sender: Sender::new(self.method, Side::Request, outbox.clone()),
            outbox,
            invoking,
            result,
            response: PhantomData,
        })
    }
}

impl<I: Message, O: Message + Default> StreamCall<BidiStream<I, O>> {
    pub(super) fn bidi(iii: &IIIClient, method: &'static Method) -> Self {
        Self::new(iii, method, BidiStream(PhantomData))
    }

    /// Makes the call; the two sides are independent, and the invocation runs while responses are read.
    pub async fn start(self) -> Result<(RequestSender<I>, Responses<O>), Error> {
        let limit = self.limit()?;
        let (outbox, reader_ref) = self.requests().await?;
        let (reader, writer_ref) = self.responses().await?;
        let refs = json!({ "requests": reader_ref, "responses": writer_ref });
        let invoking = self.invoke(json!({}), refs, limit)?;
        let mut responses = Responses::new(self.method, reader, invoking);
        responses.requests = Some(outbox.clone());
        responses.begin().await;
        let sender = RequestSender {
            sender: Sender::new(self.method, Side::Request, outbox.clone()),
            outbox,
        };
        Ok((sender, responses))
    }
}

/// The requests of a call that is answered with a stream.
pub struct RequestSender<I> {
    sender: Sender<I>,
    outbox: Outbox,
}

impl<I: Message> RequestSender<I> {
    /// Sends one request, and waits while the channel is full.
    pub async fn send(&mut self, request: I) -> Result<(), Error> {
        self.sender.send(request).await
    }

    /// Says that there are no more requests. Without it the callee takes the stream for cut short.
    pub async fn finish(self) {
        self.outbox.say(&json!(["end", self.outbox.count()])).await;
    }
}

/// A stream of requests that one response answers.
pub struct Upload<I, O> {
    method: &'static Method,
    sender: Sender<I>,
    outbox: Outbox,
    invoking: Invoking,
    result: Option<Result<Value, Error>>,
    response: PhantomData<fn() -> O>,
}

impl<I: Message, O: Message + Default> Upload<I, O> {
    /// Sends one request, and waits while the channel is full.
    ///
    /// False when the callee has answered, or reads no more: `finish` says with what.
    pub async fn send(&mut self, request: I) -> Result<bool, Error> {
        if self.result.is_some() {
            return Ok(false);
        }
        let sending = self.sender.send(request);
        tokio::select! {
            sent = sending => match sent {
                Ok(()) => Ok(true),
                Err(Error::Status(_)) => Ok(false),
                Err(other) => Err(other),
            },
            result = &mut self.invoking => {
                self.result = Some(result);
                Ok(false)
            }
        }
    }

    /// Says that there are no more requests, and waits for the response.
    pub async fn finish(self) -> Result<O, Error> {
        let result = match self.result {
            Some(result) => result,
            None => {
                self.outbox.say(&json!(["end", self.outbox.count()])).await;
                self.invoking.await
            }
        };
        self.outbox.close().await;
        Ok(decode(self.method, Side::Response, result?)?)
    }

    /// Tells the callee that nobody waits any more.
    pub async fn cancel(self) {
        self.outbox.say(&json!(["cancel"])).await;
        self.outbox.close().await;
    }
}

/// Sends the frame; there is a result already where that was not possible.
async fn once(invoking: &mut Invoking) -> Option<Result<Value, Error>> {
    poll_fn(|task| match invoking.as_mut().poll(task) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
