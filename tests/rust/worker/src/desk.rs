//! The methods of the DeskService: they say what they saw.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use crate::contracts::desk::v1::{DeskService, FrontClient, Item, Key, Order, Seen, Spelling};
use crate::contracts::glue::{self, Code, Error, Status};
use crate::contracts::iii_bridge::v1::{
    CronTick, HttpRequest, HttpResponse, StateChange, StreamEvent,
};

pub struct Desk {
    front: FrontClient,
    latest: Mutex<HashMap<String, Seen>>,
}

impl Desk {
    pub fn new(front: FrontClient) -> Self {
        Self {
            front,
            latest: Mutex::default(),
        }
    }

    fn remember(&self, seen: Seen) {
        let mut latest = self.latest.lock().expect("no handler panics holding it");
        latest.insert(seen.method.clone(), seen);
    }
}

fn seen_by(method: &str, order: Option<Order>, context: &glue::Context) -> Seen {
    let binding = context.binding.as_ref();
    Seen {
        method: method.to_string(),
        order,
        function_id: context.function_id.clone(),
        has_caller: context.caller_worker_id.is_some(),
        metadata: json!(context.metadata).to_string(),
        binding: binding.map_or_else(String::new, |known| known.trigger_type.clone()),
        binding_metadata: binding
            .map_or_else(String::new, |known| json!(known.metadata).to_string()),
        attempt: context.attempt as i64,
        has_deadline: context.remaining().is_some(),
        ..Default::default()
    }
}

fn numbered(number: u64) -> Order {
    Order {
        order_id: number.to_string(),
        tags: vec!["x".repeat(100)],
        ..Default::default()
    }
}

/// No moment that JSON can hold.
fn wrong() -> Order {
    let due = prost_types::Timestamp {
        seconds: i64::MAX,
        nanos: 0,
    };
    Order {
        due: Some(due),
        ..Default::default()
    }
}

fn of_key(key: Key) -> Order {
    Order {
        order_id: key.order_id,
        ..Default::default()
    }
}

impl DeskService for Desk {
    async fn place(&self, request: Order, context: &glue::Context) -> Result<Seen, Error> {
        Ok(seen_by("place", Some(request), context))
    }

    async fn cancel(&self, request: Key, context: &glue::Context) -> Result<Seen, Error> {
        Ok(seen_by("cancel", Some(of_key(request)), context))
    }

    async fn revive(&self, request: Key, context: &glue::Context) -> Result<Seen, Error> {
        Ok(seen_by("revive", Some(of_key(request)), context))
    }

    async fn note(&self, request: Order, context: &glue::Context) -> Result<(), Error> {
        self.remember(seen_by("note", Some(request), context));
        Ok(())
    }

    async fn changed(&self, request: StateChange, context: &glue::Context) -> Result<(), Error> {
        let order = Order {
            order_id: request.key,
            ..Default::default()
        };
        self.remember(seen_by("changed", Some(order), context));
        Ok(())
    }

    async fn tick(&self, _: CronTick, context: &glue::Context) -> Result<(), Error> {
        self.remember(seen_by("tick", None, context));
        Ok(())
    }

    async fn streamed(&self, request: StreamEvent, context: &glue::Context) -> Result<(), Error> {
        let order = Order {
            order_id: request.id.unwrap_or_default(),
            ..Default::default()
        };
        self.remember(seen_by("streamed", Some(order), context));
        Ok(())
    }

    async fn raw(&self, request: HttpRequest, _: &glue::Context) -> Result<HttpResponse, Error> {
        let header = |name: &str, value: &str| crate::contracts::iii_bridge::v1::HttpHeader {
            name: name.to_string(),
            value: value.to_string(),
        };
        Ok(HttpResponse {
            status_code: Some(202),
            headers: [("x-method".to_string(), request.method)].into(),
            more_headers: vec![header("x-many", "a"), header("x-many", "b")],
            ..Default::default()
        })
    }

    async fn recall(&self, request: Key, _: &glue::Context) -> Result<Seen, Error> {
        let latest = self.latest.lock().expect("no handler panics holding it");
        let found = latest.get(&request.order_id).cloned();
        Ok(found.ok_or_else(|| Status::new(Code::NotFound, "nothing yet"))?)
    }

    async fn fail(&self, request: Key, context: &glue::Context) -> Result<Seen, Error> {
        match request.order_id.as_str() {
            "status" => {
                let detail = json!({"@type": "desk/hint", "order": "17"});
                Err(Status::new(Code::NotFound, "no such order").with_detail(detail))?
            }
            "panic" => panic!("a handler panicked, as the test wants"),
            "violation" => Ok(Seen {
                required_item: Some(Item::default()),
                order: Some(wrong()),
                ..seen_by("fail", None, context)
            }),
            _ => {
                tokio::time::sleep(Duration::from_secs(600)).await;
                Ok(seen_by("fail", None, context))
            }
        }
    }

    async fn spell(&self, request: Spelling, _: &glue::Context) -> Result<Spelling, Error> {
        Ok(request)
    }

    async fn watch(
        &self,
        request: Key,
        mut responses: glue::Sender<Order>,
        context: &glue::Context,
    ) -> Result<(), Error> {
        let (what, count) = request.order_id.split_once('-').unwrap_or(("", "0"));
        let count: u64 = count.parse().unwrap_or(0);
        for number in 0..count {
            let sent = responses.send(numbered(number)).await;
            if let Err(error) = sent {
                self.remember(seen_by("watch", Some(numbered(number)), context));
                return Err(error);
            }
        }
        match what {
            "fails" => Err(Status::new(Code::Aborted, "enough"))?,
            "wrong" => responses.send(wrong()).await,
            _ => Ok(()),
        }
    }

    async fn load(
        &self,
        mut requests: glue::Requests<Order>,
        context: &glue::Context,
    ) -> Result<Seen, Error> {
        let mut seen = seen_by("load", None, context);
        seen.attempt = 0;
        while let Some(order) = requests.next().await {
            let order = order.inspect_err(|_| self.remember(seen_by("load", None, context)))?;
            seen.attempt += 1;
            if order.order_id == "early" {
                break;
            }
        }
        Ok(seen)
    }

    async fn rename(
        &self,
        mut requests: glue::Requests<Order>,
        mut responses: glue::Sender<Order>,
        _: &glue::Context,
    ) -> Result<(), Error> {
        while let Some(order) = requests.next().await {
            let order = order?;
            let urgent = true;
            responses.send(Order { urgent, ..order }).await?;
        }
        Ok(())
    }

    async fn relay(&self, request: Order, context: &glue::Context) -> Result<Seen, Error> {
        let mut seen = seen_by("relay", None, context);
        match request.order_id.as_str() {
            "void" => self.front.ask(request).void().await?,
            "tell" => self.front.tell(request).await?,
            "post" => self.front.post(request).await?,
            "enqueue" => {
                let receipt = self.front.ask(request).enqueue().await?;
                seen.metadata = receipt.message_receipt_id;
            }
            "watch" | "drop" | "wrong" => {
                let key = Key {
                    order_id: request.order_id,
                };
                let mut responses = self
                    .front
                    .watch(key)
                    .metadata("tenant", "blue")
                    .start()
                    .await?;
                while let Some(order) = responses.next().await {
                    let order = order?;
                    seen.attempt += 1;
                    if order.order_id == "enough" {
                        break;
                    }
                }
                seen.attempt -= 1;
            }
            "load" | "early" => {
                let mut upload = self
                    .front
                    .load()
                    .timeout(Duration::from_secs(20))
                    .start()
                    .await?;
                for number in 0..1000 {
                    let order = if number == 3 {
                        request.clone()
                    } else {
                        numbered(number)
                    };
                    if !upload.send(order).await? {
                        break;
                    }
                }
                return upload.finish().await;
            }
            "cancel" => {
                let mut upload = self.front.load().start().await?;
                upload.send(request).await?;
                let loading = Order {
                    order_id: "loading".to_string(),
                    ..Default::default()
                };
                self.front.ask(loading).await?;
                upload.cancel().await;
            }
            "rename" => {
                let (mut sender, mut responses) = self.front.rename().start().await?;
                for number in 0..3 {
                    sender.send(numbered(number)).await?;
                    let answered = responses.next().await.transpose()?;
                    seen.order = answered;
                    seen.attempt += 1;
                }
                sender.finish().await;
                assert!(responses.next().await.is_none());
                seen.attempt -= 1;
            }
            "short" => {
                let call = self.front.ask(request).timeout(Duration::from_millis(200));
                return call.await;
            }
            "metadata" => {
                return self.front.ask(request).metadata("tenant", "blue").await;
            }
            "reserved" => {
                return self.front.ask(request).metadata("iii-bridge", 1).await;
            }
            _ => return self.front.ask(request).await,
        }
        Ok(seen)
    }
}
