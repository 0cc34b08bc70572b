//! Calls of streaming methods.

use std::future::{poll_fn, Future};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use iii_sdk::channel::{ChannelReader, StreamChannelRef};
use iii_sdk::helpers::create_channel;
use iii_sdk::protocol::{TriggerRequest, TriggerRequestWithMetadata};
use iii_sdk::IIIClient;
use prost::Message;
use serde_json::{json, Map, Value};
use tokio::time::Sleep;

use super::codec::{decode, encode};
use super::context::{inherited, with_sidecar, MEMBER};
use super::error::{Code, Error, Side, Status, Violation};
use super::method::Method;
use super::status_line::from_frame;
use super::stream::{item_in, placed, pump, unknown_item, Inbox, Item, Outbox, Sender};

/// What the crate is told to wait where nobody names a limit: it would stop after 30 seconds.
const NO_LIMIT: Duration = Duration::from_secs(1_000_000);
/// How long items that are still under way are waited for after an error, and after a count.
const AFTER_ERROR: Duration = Duration::from_secs(1);
const AFTER_COUNT: Duration = Duration::from_secs(30);

type Reading = Pin<Box<dyn Future<Output = bool> + Send>>;
type Invoking = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>;

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

/// The responses of a call. Dropping them ends it.
pub struct Responses<O> {
    method: &'static Method,
    inbox: Inbox,
    reading: Option<Reading>,
    invoking: Option<Invoking>,
    /// How the invocation ended: with the number of responses, or an error.
    result: Option<Result<u64, Error>>,
    patience: Option<Pin<Box<Sleep>>>,
    requests: Option<Outbox>,
    received: u64,
    over: bool,
    response: PhantomData<fn() -> O>,
}

impl<O: Message + Default> Responses<O> {
    fn new(method: &'static Method, reader: ChannelReader, invoking: Invoking) -> Self {
        let inbox = Inbox::default();
        Self {
            method,
            reading: Some(Box::pin(pump(reader, inbox.clone()))),
            inbox,
            invoking: Some(invoking),
            result: None,
            patience: None,
            requests: None,
            received: 0,
            over: false,
            response: PhantomData,
        }
    }

    /// The frame is sent, and the channel begins to open, before anybody reads.
    async fn begin(&mut self) {
        poll_fn(|task| {
            self.advance(task);
            Poll::Ready(())
        })
        .await;
    }

    /// The next response, none at the end. An error comes in its place, after what was sent before it, and is the last.
    pub async fn next(&mut self) -> Option<Result<O, Error>> {
        while !self.over {
            while let Some(text) = self.inbox.take() {
                self.patience = None;
                match item_in(&text) {
                    Item::KeepAlive | Item::Cancel => {}
                    Item::End(_) => self.reading = None,
                    Item::Message(value) => return Some(self.decoded(value)),
                    Item::Unknown => {
                        let found = unknown_item(self.method, Side::Response, self.received);
                        self.over = true;
                        return Some(Err(found.into()));
                    }
                }
            }
            if let Some(last) = self.ended().await {
                return last;
            }
            self.changed().await;
        }
        None
    }

    fn decoded(&mut self, value: Value) -> Result<O, Error> {
        let index = self.received;
        self.received += 1;
        decode(self.method, Side::Response, value).map_err(|found| {
            self.over = true;
            placed(found, index).into()
        })
    }

    /// What `next` returns when the stream has come to its end.
    async fn ended(&mut self) -> Option<Option<Result<O, Error>>> {
        let all_read = self.reading.is_none() || self.is_out_of_patience();
        let last = match &self.result {
            Some(Ok(count)) if *count == self.received => None,
            Some(Ok(count)) if all_read || *count < self.received => Some(Err(Error::Truncated {
                function_id: self.method.function_id.to_string(),
                expected: Some(*count),
                received: self.received,
            })),
            Some(Err(error)) if all_read => Some(Err(error.clone())),
            _ => return None,
        };
        self.over = true;
        self.reading = None;
        if let Some(requests) = self.requests.take() {
            requests.close().await;
        }
        Some(last)
    }

    fn is_out_of_patience(&self) -> bool {
        self.patience
            .as_ref()
            .is_some_and(|sleep| sleep.is_elapsed())
    }

    /// Goes on with the invocation and the channel until there is something new.
    async fn changed(&mut self) {
        if let (Some(result), None) = (&self.result, &self.patience) {
            let patience = if result.is_ok() {
                AFTER_COUNT
            } else {
                AFTER_ERROR
            };
            self.patience = Some(Box::pin(tokio::time::sleep(patience)));
        }
        poll_fn(|task| {
            let news = self.advance(task);
            let patience = self.patience.as_mut();
            let silent = patience.is_some_and(|sleep| sleep.as_mut().poll(task).is_ready());
            if news || silent || !self.inbox.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Goes on as far as is possible at once; whether the invocation or the channel came to an end.
    fn advance(&mut self, task: &mut TaskContext<'_>) -> bool {
        let mut news = false;
        if let Some(invoking) = &mut self.invoking {
            if let Poll::Ready(result) = invoking.as_mut().poll(task) {
                self.invoking = None;
                self.result = Some(result.and_then(|answer| count_in(self.method, &answer)));
                news = true;
            }
        }
        if let Some(reading) = &mut self.reading {
            if reading.as_mut().poll(task).is_ready() {
                self.reading = None;
                news = true;
            }
        }
        news
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

fn count_in(method: &Method, answer: &Value) -> Result<u64, Error> {
    answer.get("items").and_then(Value::as_u64).ok_or_else(|| {
        Error::Violation(Violation {
            function_id: method.function_id.to_string(),
            side: Side::Response,
            path: "$.items".to_string(),
            problem: "the answer does not say how many responses were sent".to_string(),
        })
    })
}
