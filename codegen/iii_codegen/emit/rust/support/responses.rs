//! The responses of a streaming call, as its caller reads them.

use std::future::{poll_fn, Future};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use iii_sdk::channel::ChannelReader;
use prost::Message;
use serde_json::Value;
use tokio::time::Sleep;

use super::codec::decode;
use super::error::{Error, Side, Violation};
use super::method::Method;
use super::stream::{item_in, placed, pump, unknown_item, Inbox, Item, Outbox};

/// How long items that are still under way are waited for after an error, and after a count.
const AFTER_ERROR: Duration = Duration::from_secs(1);
const AFTER_COUNT: Duration = Duration::from_secs(30);

type Reading = Pin<Box<dyn Future<Output = bool> + Send>>;
pub(super) type Invoking = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>;

/// The responses of a call. Dropping them ends it.
pub struct Responses<O> {
    method: &'static Method,
    inbox: Inbox,
    reading: Option<Reading>,
    invoking: Option<Invoking>,
    /// How the invocation ended: with the number of responses, or an error.
    result: Option<Result<u64, Error>>,
    patience: Option<Pin<Box<Sleep>>>,
    pub(super) requests: Option<Outbox>,
    received: u64,
    over: bool,
    response: PhantomData<fn() -> O>,
}

impl<O: Message + Default> Responses<O> {
    pub(super) fn new(method: &'static Method, reader: ChannelReader, invoking: Invoking) -> Self {
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
    pub(super) async fn begin(&mut self) {
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
