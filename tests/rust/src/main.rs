//! A worker on the official Rust SDK, told what to do line by line; `tests/engine/peers/peers.py` says in which words.

#![allow(deprecated)] // how 0.25 binds triggers is deprecated, and is what is tried here

mod streams;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use iii_sdk::channel::{ChannelReader, ChannelWriter};
use iii_sdk::helpers::{create_channel, extract_channel_refs};
use iii_sdk::protocol::{RegisterTriggerInput, TriggerAction, TriggerRequest};
use iii_sdk::runtime::WorkerMetadata;
use iii_sdk::runtime::FunctionRef;
use iii_sdk::trigger::{Trigger, TriggerConfig, TriggerHandler};
use iii_sdk::{register_worker, Error, IIIClient, InitOptions, RegisterFunction, RegisterTriggerType};
use serde_json::{json, Value};
use tokio::io::{AsyncBufReadExt, BufReader};

fn say(words: Value) {
    println!("{words}");
}

/// A trigger type whose bindings are told; a config with `refuse` is refused.
struct Provider;

#[async_trait]
impl TriggerHandler for Provider {
    async fn register_trigger(&self, config: TriggerConfig) -> Result<(), Error> {
        say(json!({"bound": config.id, "function_id": config.function_id, "config": config.config}));
        match config.config["refuse"].as_bool() {
            Some(true) => Err(Error::Handler("no such hook".into())),
            _ => Ok(()),
        }
    }

    async fn unregister_trigger(&self, config: TriggerConfig) -> Result<(), Error> {
        say(json!({"unbound": config.id}));
        Ok(())
    }
}

/// Answers an http request over its channels: the whole body, twice.
async fn stream(url: &str, data: &Value) -> Result<(), Error> {
    let refs = extract_channel_refs(data);
    let end = |name: &str| refs.iter().find(|(path, _)| path == name).map(|(_, found)| found);
    let (Some(body), Some(response)) = (end("request_body"), end("response")) else {
        return Err(Error::Handler("no channels".into()));
    };
    let body = ChannelReader::new(url, body).read_all().await?;
    let writer = ChannelWriter::new(url, response);
    writer.send_message(&json!({"type": "set_status", "status_code": 202}).to_string()).await?;
    let headers = json!({"type": "set_headers", "headers": {"x-streamed": "yes"}});
    writer.send_message(&headers.to_string()).await?;
    for _ in 0..2 {
        writer.write(&body).await?;
    }
    writer.close().await
}

fn function(client: &IIIClient, url: &str, words: &Value) -> FunctionRef {
    let id = words["function_id"].as_str().unwrap_or_default().to_string();
    let answer = words["answer"].as_str().unwrap_or_default().to_string();
    let result = words["result"].clone();
    let left = Arc::new(AtomicI64::new(match answer.as_str() {
        "fail twice" => 2,
        "fail" => i64::MAX,
        _ => 0,
    }));
    let (shown, url) = (id.clone(), url.to_string());
    let handle = move |mut data: Value, metadata: Option<Value>| {
        let (id, url, answer, result, left) =
            (shown.clone(), url.clone(), answer.clone(), result.clone(), left.clone());
        async move {
            if answer == "stream" {
                stream(&url, &data).await?;
                return Ok(Value::Null);
            }
            if let Some(members) = data.as_object_mut() {
                members.remove("request_body"); // the two channel references of a request
                members.remove("response");
            }
            say(json!({"called": id, "data": data, "metadata": metadata}));
            if answer == "status" {
                let stacktrace = result.as_str().map(String::from);
                return Err(Error::Remote { code: "no".into(), message: "no".into(), stacktrace });
            }
            if left.fetch_sub(1, Ordering::SeqCst) > 0 {
                return Err(Error::Handler("boom".into()));
            }
            Ok(if answer == "echo" { data } else { result })
        }
    };
    client.register_function(id, RegisterFunction::new_async(handle))
}

fn endpoint(client: &IIIClient, words: &Value) -> FunctionRef {
    let config = serde_json::from_value(json!({"url": words["url"]})).expect("a URL is enough");
    client.register_function(text(words, "function_id"), RegisterFunction::http(config))
}

fn text(words: &Value, member: &str) -> String {
    words[member].as_str().unwrap_or_default().to_string()
}

async fn call(client: &IIIClient, words: &Value) -> Value {
    let mut request = TriggerRequest::new(words["function_id"].as_str().unwrap_or_default(), words["payload"].clone());
    if let Some(queue) = words["queue"].as_str() {
        request.action = Some(TriggerAction::Enqueue { queue: queue.into() });
    }
    if words["void"].as_bool() == Some(true) {
        request.action = Some(TriggerAction::Void);
    }
    let answer = match (words.get("metadata"), words["namespace"].as_str()) {
        (Some(metadata), _) => client.trigger(request.metadata(metadata.clone())).await,
        (None, Some(namespace)) => client.trigger(request.namespace(namespace)).await,
        (None, None) => client.trigger(request).await,
    };
    match answer {
        Ok(answer) => json!({ "answer": answer }),
        Err(Error::Remote { code, message, .. }) => json!({"error": {"code": code, "message": message}}),
        Err(other) => json!({"error": {"code": "local", "message": other.to_string()}}),
    }
}

async fn channel(client: &IIIClient, words: &Value) -> Result<Value, Error> {
    let ends = create_channel(client, None).await?;
    let texts = Arc::new(Mutex::new(Vec::<String>::new()));
    let heard = texts.clone();
    ends.reader
        .on_message(move |text| heard.lock().expect("no handler fails").push(text))
        .await;
    let bytes = vec![b'x'; words["size"].as_u64().unwrap_or_default() as usize];
    ends.writer.send_message(words["text"].as_str().unwrap_or_default()).await?;
    let (read, written) = tokio::join!(ends.reader.read_all(), async {
        ends.writer.write(&bytes).await?;
        ends.writer.close().await
    });
    written?;
    let texts = texts.lock().expect("no handler fails").clone();
    Ok(json!({"answer": {"bytes": read?.len(), "texts": texts}}))
}

fn bind(client: &IIIClient, words: &Value, triggers: &mut HashMap<String, Trigger>) {
    let mut input = RegisterTriggerInput::new(
        words["kind"].as_str().unwrap_or_default(),
        words["function_id"].as_str().unwrap_or_default(),
        words["config"].clone(),
    );
    input.metadata = words.get("metadata").cloned();
    let trigger = client.register_trigger(input).expect("the SDK takes any trigger");
    triggers.insert(words["name"].to_string(), trigger);
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let metadata = WorkerMetadata { name: arguments[2].clone(), ..WorkerMetadata::default() };
    let options = InitOptions { metadata: Some(metadata), ..InitOptions::default() };
    let client = register_worker(&arguments[1], options);
    let mut triggers = HashMap::new();
    let mut functions = HashMap::new();
    say(json!({"ready": true}));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let words: Value = serde_json::from_str(&line).expect("orders are JSON");
        let verb = words["do"].as_str().unwrap_or_default();
        match verb {
            "end" => break,
            "function" => {
                functions.insert(text(&words, "function_id"), function(&client, &arguments[1], &words));
            }
            "endpoint" => {
                functions.insert(text(&words, "function_id"), endpoint(&client, &words));
            }
            "unfunction" => {
                if let Some(function) = functions.remove(&text(&words, "function_id")) {
                    function.unregister();
                }
            }
            "untype" => client.unregister_trigger_type(text(&words, "kind")),
            "trigger" => bind(&client, &words, &mut triggers),
            "untrigger" => {
                if let Some(trigger) = triggers.remove(&words["name"].to_string()) {
                    trigger.unregister();
                }
            }
            "type" => {
                let id = words["kind"].as_str().unwrap_or_default();
                client.register_trigger_type(RegisterTriggerType::new(id, "tried", Provider));
            }
            "streams" => streams::register(&client),
            "call" => say(call(&client, &words).await),
            "channel" => say(channel(&client, &words).await.unwrap_or_else(|e| json!({"error": e.to_string()}))),
            _ => panic!("no verb {verb}"),
        }
        if !matches!(verb, "call" | "channel") {
            say(json!({ "done": verb }));
        }
    }
    client.shutdown_async().await;
}
