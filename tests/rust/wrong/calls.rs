//! Calls that must not compile, each with the error that says so; the first function is right.

use std::time::Duration;

use iii_bridge_test_worker::contracts::desk::v1::{DeskClient, FrontClient, Key, Order, Seen, Size};
use iii_bridge_test_worker::contracts::glue::{Error, Receipt};

pub async fn right(desk: &DeskClient, front: &FrontClient) -> Result<i64, Error> {
    let order = Order { order_id: "17".to_string(), size: Size::Large.into(), ..Default::default() };
    let seen: Seen = desk.place(order.clone()).timeout(Duration::from_secs(1)).metadata("a", 1).await?;
    let _: Receipt = desk.place(order.clone()).enqueue_to("default").await?;
    desk.place(order.clone()).void().await?;
    let () = front.tell(order.clone()).await?;
    let mut orders = desk.watch(Key::default()).start().await?;
    while let Some(order) = orders.next().await {
        let _: Order = order?;
    }
    let mut upload = desk.load().start().await?;
    upload.send(order).await?;
    Ok(seen.attempt + upload.finish().await?.attempt)
}

pub async fn wrong(desk: &DeskClient, order: Order) -> Result<(), Error> {
    desk.place(Key::default()).await?; //~ E0308
    let _ = Order { orderid: String::new(), ..Default::default() }; //~ E0560
    let _ = Order { order_id: 17, ..Default::default() }; //~ E0308
    let _ = Order { size: Size::Large, ..Default::default() }; //~ E0308
    let _: Order = desk.place(order.clone()).await?; //~ E0308
    let _ = desk.place(order.clone()).await?.quantity; //~ E0609
    desk.place(order.clone()).timeout(2); //~ E0308
    desk.place().await?; //~ E0061
    desk.plaice(order.clone()).await?; //~ E0599
    let _ = desk.place(order.clone()).attempt; //~ E0609
    desk.watch(Key::default()).await?; //~ E0277
    let mut upload = desk.load().start().await?;
    upload.send(Key::default()).await?; //~ E0308
    let (mut requests, _) = desk.rename().start().await?;
    requests.send(Seen::default()).await?; //~ E0308
    Ok(())
}
