//! Serves streaming methods: requests in and responses out through channels.

use std::future::Future;
use std::sync::Arc;

use iii_sdk::channel::{ChannelReader, ChannelWriter, StreamChannelRef};
use iii_sdk::IIIClient;
use prost::Message;
use serde_json::{json, Value};

use super::codec::{decode, encode};
use super::context::{Context, MEMBER};
use super::error::{Error, Side, Violation};
use super::handler::Body;
use super::method::Method;
use super::stream::{gone, pump, violation_of, Inbox, Outbox, Requests, Sender, SILENCE};

/// A method that answers with a stream.
pub fn server_stream<I, O, F, Fut>(
    iii: &IIIClient,
    method: &'static Method,
    run: F,
) -> (&'static Method, Body)
where
    I: Message + Default + 'static,
    O: Message + Default + 'static,
    F: Fn(I, Sender<O>, Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Error>> + Send + 'static,
{
    let (run, address) = (Arc::new(run), iii.address().to_string());
    let body: Body = Arc::new(move |mut payload, context| {
        let (run, address) = (Arc::clone(&run), address.clone());
        Box::pin(async move {
            let outbox = writing_end(method, &address, &mut payload)?;
            let request = decode(method, Side::Request, payload)?;
            let sender = Sender::new(method, Side::Response, outbox.clone());
            counted(method, run(request, sender, context), &outbox).await
        })
    });
    (method, body)
}

/// A method that takes a stream.
pub fn client_stream<I, O, F, Fut>(
    iii: &IIIClient,
    method: &'static Method,
    run: F,
) -> (&'static Method, Body)
where
    I: Message + Default + 'static,
    O: Message + Default + 'static,
    F: Fn(Requests<I>, Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O, Error>> + Send + 'static,
{
    let (run, address) = (Arc::new(run), iii.address().to_string());
    let body: Body = Arc::new(move |mut payload, context| {
        let (run, address) = (Arc::clone(&run), address.clone());
        Box::pin(async move {
            let reader = reading_end(method, &address, &mut payload)?;
            let inbox = Inbox::default();
            let requests = Requests::new(method, inbox.clone());
            let response = read_while(method, reader, &inbox, run(requests, context)).await?;
            Ok(encode(method, Side::Response, &response)?)
        })
    });
    (method, body)
}

/// A method that takes a stream and answers with one.
pub fn bidi_stream<I, O, F, Fut>(
    iii: &IIIClient,
    method: &'static Method,
    run: F,
) -> (&'static Method, Body)
where
    I: Message + Default + 'static,
    O: Message + Default + 'static,
    F: Fn(Requests<I>, Sender<O>, Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Error>> + Send + 'static,
{
    let (run, address) = (Arc::new(run), iii.address().to_string());
    let body: Body = Arc::new(move |mut payload, context| {
        let (run, address) = (Arc::clone(&run), address.clone());
        Box::pin(async move {
            let (reader, outbox) = both_ends(method, &address, &mut payload)?;
            let inbox = Inbox::default();
            let requests = Requests::new(method, inbox.clone());
            let sender = Sender::new(method, Side::Response, outbox.clone());
            let work = read_while(method, reader, &inbox, run(requests, sender, context));
            counted(method, work, &outbox).await
        })
    });
    (method, body)
}

/// Runs a handler that writes; a caller that has left is found out when nothing was written for a while.
async fn counted<F>(method: &Method, work: F, outbox: &Outbox) -> Result<Value, Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let written = tokio::select! {
        written = work => written,
        () = until_the_reader_leaves(outbox) => Err(gone(method)),
    };
    outbox.finish().await;
    written.map(|()| json!({"items": outbox.count()}))
}

async fn until_the_reader_leaves(outbox: &Outbox) {
    loop {
        let before = outbox.count();
        tokio::time::sleep(SILENCE).await;
        if outbox.count() == before && !outbox.keep_alive().await {
            return;
        }
    }
}

/// Runs a handler while its requests arrive; a caller that says that it does not wait ends it.
async fn read_while<F, T>(
    method: &Method,
    reader: ChannelReader,
    inbox: &Inbox,
    work: F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let reading = async {
        if !pump(reader, inbox.clone()).await {
            std::future::pending::<()>().await;
        }
    };
    let done = tokio::select! {
        done = work => done,
        () = reading => Err(gone(method)),
    };
    match violation_of(inbox) {
        Some(violation) => Err(violation.into()),
        None => done,
    }
}

fn both_ends(
    method: &Method,
    address: &str,
    payload: &mut Value,
) -> Result<(ChannelReader, Outbox), Error> {
    let refs = refs_in(method, payload)?;
    let reader = reader_of(method, address, &refs)?;
    Ok((reader, outbox_of(method, address, &refs)?))
}

fn reading_end(
    method: &Method,
    address: &str,
    payload: &mut Value,
) -> Result<ChannelReader, Error> {
    let refs = refs_in(method, payload)?;
    reader_of(method, address, &refs)
}

fn writing_end(method: &Method, address: &str, payload: &mut Value) -> Result<Outbox, Error> {
    let refs = refs_in(method, payload)?;
    outbox_of(method, address, &refs)
}

fn reader_of(method: &Method, address: &str, refs: &Value) -> Result<ChannelReader, Error> {
    let reference = reference(method, refs, "requests", "read")?;
    Ok(ChannelReader::new(address, &reference))
}

fn outbox_of(method: &Method, address: &str, refs: &Value) -> Result<Outbox, Error> {
    let reference = reference(method, refs, "responses", "write")?;
    Ok(Outbox::new(ChannelWriter::new(address, &reference)))
}

fn refs_in(method: &Method, payload: &mut Value) -> Result<Value, Violation> {
    let members = payload.as_object_mut();
    let members =
        members.ok_or_else(|| violation(method, "$", "expected an object".to_string()))?;
    Ok(members.remove(MEMBER).unwrap_or_default())
}

fn reference(
    method: &Method,
    refs: &Value,
    name: &str,
    direction: &str,
) -> Result<StreamChannelRef, Violation> {
    let found = refs
        .get(name)
        .filter(|found| found["direction"] == direction);
    let read = found.and_then(|found| serde_json::from_value(found.clone()).ok());
    read.ok_or_else(|| {
        let problem = format!("a streaming method needs the reference to a channel to {direction}");
        violation(method, &format!("$[\"{MEMBER}\"].{name}"), problem)
    })
}

fn violation(method: &Method, path: &str, problem: String) -> Violation {
    Violation {
        function_id: method.function_id.to_string(),
        side: Side::Request,
        path: path.to_string(),
        problem,
    }
}
