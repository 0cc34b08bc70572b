//! The faults of `faulty.rs` in workers on generated code, one to a line; what the compiler refuses is marked with its error.

use iii_bridge_test_worker::contracts::desk::v1::{FrontService, Item, Key, Order, Seen, Size};
use iii_bridge_test_worker::contracts::glue::{Context, Error, Requests, Sender};

pub fn none(item: Item) -> Seen { Seen { method: item.sku, attempt: item.count, ..Default::default() } }
pub fn renamed_field(item: Item) -> Seen { Seen { method: item.sku, tries: item.count, ..Default::default() } } //~ E0560
pub fn wrong_type(item: Item) -> Seen { Seen { method: item.sku, attempt: true, ..Default::default() } } //~ E0308
pub fn rounded_integer(item: Item) -> Seen { Seen { attempt: item.count as f64, ..Default::default() } } //~ E0308
pub fn missing_required(item: Item) -> Seen { Seen { attempt: item.count, ..Default::default() } }
pub fn extra_field(item: Item) -> Item { Item { memo: item.sku.clone(), ..item } } //~ E0560
pub fn wrong_enum(order: Order) -> Order { Order { size: Size::Ways.into(), ..order } } //~ E0599

pub struct MissingFunction;

impl FrontService for MissingFunction { //~ E0046
    async fn ask(&self, _: Order, _: &Context) -> Result<Seen, Error> {
        Ok(Seen::default())
    }
    async fn watch(&self, _: Key, mut out: Sender<Order>, _: &Context) -> Result<(), Error> {
        out.send(Order::default()).await
    }
    async fn load(&self, _: Requests<Order>, _: &Context) -> Result<Seen, Error> {
        Ok(Seen::default())
    }
    async fn rename(&self, _: Requests<Order>, _: Sender<Order>, _: &Context) -> Result<(), Error> {
        Ok(())
    }
    async fn post(&self, _: Order, _: &Context) -> Result<(), Error> {
        Ok(())
    }
}
