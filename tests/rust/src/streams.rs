//! Either end of streams, by docs/reference/streams.md alone.
//!
//! `theirs::drive` calls the functions `watch::*`; `theirs::serve` registers its own under these ids.

use iii_sdk::channel::{ChannelReader, ChannelWriter, StreamChannelRef};
use iii_sdk::protocol::TriggerRequest;
use iii_sdk::{Error, IIIClient, RegisterFunction};
use serde_json::{json, Value};
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver};
use tokio::task::JoinHandle;

/// The messages of a channel, up to the count that ends them.
struct Messages {
    heard: UnboundedReceiver<Value>,
    count: u64,
}

impl Messages {
    /// Text arrives by callback while somebody reads the bytes; the end of the channel drops the callback.
    async fn open(address: &str, reference: &Value) -> Result<Self, Error> {
        let (tell, heard) = unbounded_channel();
        let reader = ChannelReader::new(address, &end_of(reference)?);
        let callback = move |text: String| {
            if !text.trim().is_empty() {
                let _ = tell.send(serde_json::from_str(&text).unwrap_or_default());
            }
        };
        reader.on_message(callback).await;
        tokio::spawn(async move { reader.read_all().await });
        Ok(Self { heard, count: 0 })
    }

    async fn next(&mut self) -> Result<Option<Value>, Error> {
        match self.heard.recv().await {
            Some(message @ Value::Object(_)) => {
                self.count += 1;
                Ok(Some(message))
            }
            Some(end) if end == json!(["end", self.count]) => Ok(None),
            _ => Err(format!("the stream was cut short after {} items", self.count).into()),
        }
    }
}

fn end_of(reference: &Value) -> Result<StreamChannelRef, Error> {
    Ok(serde_json::from_value(reference.clone())?)
}

fn number(message: &Value) -> i64 {
    message["quantity"].as_str().and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

async fn send(writer: &ChannelWriter, message: Value) -> Result<(), Error> {
    writer.send_message(&message.to_string()).await
}

async fn watch(address: String, data: Value) -> Result<Value, Error> {
    let writer = ChannelWriter::new(&address, &end_of(&data["iii-bridge"]["responses"])?);
    let (order, limit) = (data["orderId"].as_str().unwrap_or_default(), data["limit"].as_i64().unwrap_or_default());
    for number in 0..limit {
        send(&writer, json!({"orderId": order, "total": number.to_string()})).await?;
    }
    match order {
        "fail" => return Err("enough".into()),
        "wrong" => send(&writer, json!({"orderId": 7})).await?,
        _ => (),
    }
    writer.close().await?;
    Ok(json!({"items": limit + i64::from(matches!(order, "short" | "wrong"))}))
}

async fn upload(address: String, data: Value) -> Result<Value, Error> {
    let mut requests = Messages::open(&address, &data["iii-bridge"]["requests"]).await?;
    let mut total = 0;
    while let Some(request) = requests.next().await? {
        total += number(&request);
    }
    Ok(json!({"orderId": "all", "total": total.to_string()}))
}

async fn chat(address: String, data: Value) -> Result<Value, Error> {
    let mut requests = Messages::open(&address, &data["iii-bridge"]["requests"]).await?;
    let writer = ChannelWriter::new(&address, &end_of(&data["iii-bridge"]["responses"])?);
    while let Some(request) = requests.next().await? {
        send(&writer, json!({"orderId": request["sku"], "total": (2 * number(&request)).to_string()})).await?;
    }
    writer.close().await?;
    Ok(json!({"items": requests.count}))
}

async fn ask(client: &IIIClient, function_id: &str, payload: Value) -> Result<Value, Error> {
    client.trigger(TriggerRequest::new(function_id, payload)).await
}

async fn totals(mut responses: Messages) -> Result<Vec<Value>, Error> {
    let mut found = Vec::new();
    while let Some(response) = responses.next().await? {
        found.push(response["total"].clone());
    }
    Ok(found)
}

/// The callee's end of a channel for responses, and what will have arrived at ours.
async fn reading(client: &IIIClient) -> Result<(Value, JoinHandle<Result<Vec<Value>, Error>>), Error> {
    let made = ask(client, "engine::channels::create", json!({})).await?;
    let responses = Messages::open(client.address(), &made["reader"]).await?;
    Ok((made["writer"].clone(), tokio::spawn(totals(responses))))
}

/// The callee's end of a channel for requests, and ours with a hundred of them in it.
async fn writing(client: &IIIClient) -> Result<(Value, JoinHandle<Result<ChannelWriter, Error>>), Error> {
    let made = ask(client, "engine::channels::create", json!({})).await?;
    let writer = ChannelWriter::new(client.address(), &end_of(&made["writer"])?);
    let write = async move {
        for number in 0..100 {
            send(&writer, json!({"sku": format!("s{number}"), "quantity": number.to_string()})).await?;
        }
        send(&writer, json!(["end", 100])).await?;
        Ok(writer)
    };
    Ok((made["reader"].clone(), tokio::spawn(write)))
}

fn joined<T>(task: Result<Result<T, Error>, tokio::task::JoinError>) -> Result<T, Error> {
    task.map_err(|error| Error::Runtime(error.to_string()))?
}

async fn drive(client: IIIClient) -> Result<Value, Error> {
    let (reference, seen) = reading(&client).await?;
    let payload = json!({"orderId": "r", "limit": 100, "iii-bridge": {"responses": reference}});
    let watched = ask(&client, "watch::watch", payload).await?;
    let watch = json!({"result": watched, "totals": joined(seen.await)?});

    let (reference, written) = writing(&client).await?;
    let upload = ask(&client, "watch::upload", json!({"iii-bridge": {"requests": reference}})).await?;
    joined(written.await)?.close().await?;

    let (asking, written) = writing(&client).await?;
    let (telling, seen) = reading(&client).await?;
    let payload = json!({"iii-bridge": {"requests": asking, "responses": telling}});
    let chatted = ask(&client, "watch::chat", payload).await?;
    joined(written.await)?.close().await?;
    let chat = json!({"result": chatted, "totals": joined(seen.await)?});
    Ok(json!({"watch": watch, "upload": upload, "chat": chat}))
}

/// Registers `theirs::drive` and `theirs::serve`.
pub fn register(client: &IIIClient) {
    let driving = client.clone();
    client.register_function(
        "theirs::drive",
        RegisterFunction::new_async(move |_: Value| drive(driving.clone())),
    );
    let serving = client.clone();
    let serve = move |_: Value| {
        let client = serving.clone();
        async move {
            let address = client.address().to_string();
            let (one, two, three) = (address.clone(), address.clone(), address);
            client.register_function("watch::watch", RegisterFunction::new_async(move |data| watch(one.clone(), data)));
            client.register_function("watch::upload", RegisterFunction::new_async(move |data| upload(two.clone(), data)));
            client.register_function("watch::chat", RegisterFunction::new_async(move |data| chat(three.clone(), data)));
            Ok::<Value, Error>(json!({}))
        }
    };
    client.register_function("theirs::serve", RegisterFunction::new_async(serve));
}
