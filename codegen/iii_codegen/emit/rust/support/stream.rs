//! The two ends of a channel as streams use them: items in, items out.

use std::collections::VecDeque;
use std::future::{poll_fn, Future};
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use iii_sdk::channel::{ChannelReader, ChannelWriter};
use prost::Message;
use serde_json::{json, Value};

use super::codec::{decode, encode};
use super::error::{Code, Error, Side, Status, Violation};
use super::method::Method;

/// Messages that are held before the channel is left to fill.
const MOST_HELD: usize = 64;
/// After this a writer with nothing to say says so: only then it learns that its reader has left.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

/// What stands in one item of a channel.
pub(super) enum Item {
    Message(Value),
    End(u64),
    Cancel,
    KeepAlive,
    Unknown,
}

pub(super) fn item_in(text: &str) -> Item {
    if text.trim().is_empty() {
        return Item::KeepAlive;
    }
    match serde_json::from_str(text) {
        Ok(Value::Array(words)) => match words.as_slice() {
            [Value::String(word)] if word == "cancel" => Item::Cancel,
            [Value::String(word), count] if word == "end" => {
                count.as_u64().map_or(Item::Unknown, Item::End)
            }
            _ => Item::Unknown,
        },
        Ok(value) => Item::Message(value),
        Err(_) => Item::Unknown,
    }
}

#[derive(Default)]
struct Held {
    items: VecDeque<String>,
    closed: bool,
    cancelled: bool,
    violation: Option<Violation>,
    reader: Option<Waker>,
    pump: Option<Waker>,
}

/// What has arrived on a channel and was not taken yet.
#[derive(Clone, Default)]
pub(super) struct Inbox(Arc<Mutex<Held>>);

impl Inbox {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn push(&self, text: String) {
        let mut held = self.held();
        if matches!(item_in(&text), Item::Cancel) {
            held.cancelled = true;
        }
        held.items.push_back(text);
        held.reader.take().into_iter().for_each(Waker::wake);
    }

    fn close(&self) {
        let mut held = self.held();
        held.closed = true;
        held.reader.take().into_iter().for_each(Waker::wake);
    }

    pub(super) fn take(&self) -> Option<String> {
        let mut held = self.held();
        let taken = held.items.pop_front();
        held.pump.take().into_iter().for_each(Waker::wake);
        taken
    }

    pub(super) fn is_closed(&self) -> bool {
        self.held().closed
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held().items.is_empty()
    }

    fn has_room(&self, task: &TaskContext<'_>) -> bool {
        let mut held = self.held();
        if held.items.len() < MOST_HELD {
            return true;
        }
        held.pump = Some(task.waker().clone());
        false
    }

    /// Returns when something has arrived, or nothing more will.
    async fn changed(&self) {
        poll_fn(|task| {
            let mut held = self.held();
            if held.items.is_empty() && !held.closed {
                held.reader = Some(task.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }
}

/// Reads a channel until it is closed, or until somebody says that nobody waits any more.
///
/// The crate hands text to a callback that cannot wait, so the reader is polled only while there is room.
pub(super) async fn pump(reader: ChannelReader, inbox: Inbox) -> bool {
    let sink = inbox.clone();
    reader.on_message(move |text| sink.push(text)).await;
    loop {
        let mut next = pin!(reader.next_binary());
        let read = poll_fn(|task| {
            if inbox.held().cancelled {
                return Poll::Ready(Ok(None));
            }
            if !inbox.has_room(task) {
                return Poll::Pending;
            }
            let read = next.as_mut().poll(task);
            if read.is_pending() && inbox.held().cancelled {
                return Poll::Ready(Ok(None));
            }
            read
        })
        .await;
        match read {
            Ok(Some(bytes)) => inbox.push(String::from_utf8_lossy(&bytes).into_owned()),
            Ok(None) | Err(_) => break,
        }
    }
    inbox.close();
    let cancelled = inbox.held().cancelled;
    cancelled
}

/// The place of an item in what would be the list of all items.
pub(super) fn placed(violation: Violation, index: u64) -> Violation {
    let rest = violation.path.strip_prefix('$').unwrap_or_default();
    Violation {
        path: format!("$[{index}]{rest}"),
        ..violation
    }
}

pub(super) fn unknown_item(method: &Method, side: Side, index: u64) -> Violation {
    Violation {
        function_id: method.function_id.to_string(),
        side,
        path: format!("$[{index}]"),
        problem: "the item is neither a message nor a word of streams".to_string(),
    }
}

pub(super) fn gone(method: &Method) -> Error {
    let text = format!(
        "{} was cancelled: its caller has closed the stream",
        method.function_id
    );
    Status::new(Code::Cancelled, text).into()
}

fn unread(method: &Method) -> Error {
    let text = format!("{} reads no more requests", method.function_id);
    Status::new(Code::Cancelled, text).into()
}

/// The requests of a stream, as a handler reads them.
pub struct Requests<T> {
    method: &'static Method,
    inbox: Inbox,
    received: u64,
    over: bool,
    message: PhantomData<fn() -> T>,
}

impl<T: Message + Default> Requests<T> {
    pub(super) fn new(method: &'static Method, inbox: Inbox) -> Self {
        Self {
            method,
            inbox,
            received: 0,
            over: false,
            message: PhantomData,
        }
    }

    /// The next request, none at the end; the error of a stream that was cut short or breaks the contract.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        while !self.over {
            let Some(text) = self.inbox.take() else {
                if self.inbox.is_closed() {
                    return self.end(None);
                }
                self.inbox.changed().await;
                continue;
            };
            match item_in(&text) {
                Item::KeepAlive | Item::Cancel => {}
                Item::End(count) => return self.end(Some(count)),
                Item::Message(value) => return Some(self.decoded(value)),
                Item::Unknown => {
                    let found = unknown_item(self.method, Side::Request, self.received);
                    return Some(Err(self.broken(found)));
                }
            }
        }
        None
    }

    fn decoded(&mut self, value: Value) -> Result<T, Error> {
        let index = self.received;
        self.received += 1;
        decode(self.method, Side::Request, value).map_err(|found| self.broken(placed(found, index)))
    }

    fn broken(&mut self, violation: Violation) -> Error {
        self.over = true;
        self.inbox.held().violation = Some(violation.clone());
        violation.into()
    }

    fn end(&mut self, expected: Option<u64>) -> Option<Result<T, Error>> {
        self.over = true;
        if expected == Some(self.received) {
            return None;
        }
        Some(Err(Error::Truncated {
            function_id: self.method.function_id.to_string(),
            expected,
            received: self.received,
        }))
    }
}

/// What a handler was told of a request that breaks the contract, whatever it made of it.
pub(super) fn violation_of(inbox: &Inbox) -> Option<Violation> {
    inbox.held().violation.clone()
}

/// The writing end of a stream.
pub struct Sender<T> {
    method: &'static Method,
    side: Side,
    outbox: Outbox,
    message: PhantomData<fn(T)>,
}

/// A channel that is written to, and how many messages went there.
#[derive(Clone)]
pub(super) struct Outbox {
    writer: Arc<ChannelWriter>,
    sent: Arc<Mutex<u64>>,
}

impl Outbox {
    pub(super) fn new(writer: ChannelWriter) -> Self {
        Self {
            writer: Arc::new(writer),
            sent: Arc::default(),
        }
    }

    pub(super) fn count(&self) -> u64 {
        *self
            .sent
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) async fn say(&self, word: &Value) -> bool {
        self.writer.send_message(&word.to_string()).await.is_ok()
    }

    pub(super) async fn keep_alive(&self) -> bool {
        self.writer.send_message("").await.is_ok()
    }

    /// Says how many messages were sent, and closes the channel.
    pub(super) async fn finish(&self) {
        self.say(&json!(["end", self.count()])).await;
        self.close().await;
    }

    pub(super) async fn close(&self) {
        let _ = self.writer.close().await;
    }
}

impl<T: Message> Sender<T> {
    pub(super) fn new(method: &'static Method, side: Side, outbox: Outbox) -> Self {
        Self {
            method,
            side,
            outbox,
            message: PhantomData,
        }
    }

    /// Sends one message, and waits while the channel is full.
    ///
    /// CANCELLED when nobody reads any more; a violation for a message that does not fit.
    pub async fn send(&mut self, message: T) -> Result<(), Error> {
        let index = self.outbox.count();
        let value =
            encode(self.method, self.side, &message).map_err(|found| placed(found, index))?;
        if !self.outbox.say(&value).await {
            return Err(match self.side {
                Side::Response => gone(self.method),
                Side::Request | Side::Config => unread(self.method),
            });
        }
        *self
            .outbox
            .sent
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) += 1;
        Ok(())
    }
}
