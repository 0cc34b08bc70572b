//! Implementations that must not compile; the first is right.

use iii_bridge_test_worker::contracts::desk::v1::{FrontService, Key, Order, Seen};
use iii_bridge_test_worker::contracts::glue::{Context, Error, Requests, Sender};

pub struct Right;

impl FrontService for Right {
    async fn ask(&self, _: Order, context: &Context) -> Result<Seen, Error> {
        Ok(Seen { method: context.function_id.clone(), ..Default::default() })
    }
    async fn tell(&self, _: Order, _: &Context) -> Result<(), Error> {
        Ok(())
    }
    async fn watch(&self, _: Key, mut out: Sender<Order>, _: &Context) -> Result<(), Error> {
        out.send(Order::default()).await
    }
    async fn load(&self, mut orders: Requests<Order>, _: &Context) -> Result<Seen, Error> {
        let _: Option<Order> = orders.next().await.transpose()?;
        Ok(Seen::default())
    }
    async fn rename(&self, _: Requests<Order>, _: Sender<Order>, _: &Context) -> Result<(), Error> {
        Ok(())
    }
    async fn post(&self, _: Order, _: &Context) -> Result<(), Error> {
        Ok(())
    }
}

pub struct Lacking;

impl FrontService for Lacking { //~ E0046
    async fn tell(&self, _: Order, _: &Context) -> Result<(), Error> {
        Ok(())
    }
}

pub struct Wrong;

impl FrontService for Wrong {
    async fn ask(&self, _: Key, _: &Context) -> Result<Seen, Error> { //~ E0053
        Ok(Seen::default())
    }
    fn tell(&self, _: Order, _: &Context) -> Result<(), Error> { //~ E0277
        Ok(())
    }
    async fn watch(&self, _: Key, _: &Context) -> Result<(), Error> { //~ E0050
        Ok(())
    }
    async fn load(&self, _: Requests<Order>, _: &Context) -> Result<Order, Error> { //~ E0271
        Ok(Order::default())
    }
    async fn rename(&self, _: Requests<Order>, _: Sender<Key>, _: &Context) -> Result<(), Error> { //~ E0053
        Ok(())
    }
    async fn post(&self, _: Order) -> Result<(), Error> { //~ E0050
        Ok(())
    }
}
