//! inventory: reserves stock for order lines, by the catalogue in examples/data.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;

use crate::catalogue::Item;
use crate::contracts::examples::inventory::v1::*;
use crate::contracts::glue::{Code, Context, Error, Status};

type Seen = (HashMap<String, Reservation>, HashSet<String>, BTreeMap<String, i64>);

pub struct Inventory {
    pub items: Vec<Item>,
    pub seen: Mutex<Seen>,
}

impl Inventory {
    fn fit(&self, ReserveRequest { order_id, sku, quantity }: &ReserveRequest) -> Result<Reservation, Status> {
        let none = || Status::new(Code::NotFound, format!("no stock of sku {sku}"));
        let item = self.items.iter().find(|item| item.sku == *sku).ok_or_else(none)?;
        let Item { warehouse, line_limit, per_parcel, .. } = item;
        if *quantity <= 0 {
            return Err(Status::new(Code::InvalidArgument, "the quantity must be positive"));
        }
        if quantity > line_limit {
            let text = format!("a line may reserve at most {line_limit} of sku {sku}: split the order");
            return Err(Status::new(Code::FailedPrecondition, text));
        }
        Ok(Reservation {
            reservation_id: format!("r-{order_id}"),
            quantity: *quantity,
            warehouse: Warehouse::from_str_name(warehouse).unwrap_or_default().into(),
            parcels: ((quantity + per_parcel - 1) / per_parcel) as i32,
        })
    }
}

impl InventoryService for Inventory {
    /// The same order id gets the same reservation again.
    async fn reserve(&self, request: ReserveRequest, _: &Context) -> Result<Reservation, Error> {
        let (reserved, refused, pieces) = &mut *self.seen.lock().expect("no handler panics");
        if let Some(known) = reserved.get(&request.order_id) {
            return Ok(known.clone());
        }
        let fitted = self.fit(&request).inspect_err(|_| {
            refused.insert(request.order_id.clone());
        })?;
        *pieces.entry(request.sku).or_default() += request.quantity;
        reserved.insert(request.order_id, fitted.clone());
        Ok(fitted)
    }

    async fn count(&self, _: CountRequest, _: &Context) -> Result<CountResponse, Error> {
        let (reserved, refused, pieces) = &*self.seen.lock().expect("no handler panics");
        let (reserved, refused) = (reserved.len() as i64, refused.len() as i64);
        Ok(CountResponse { reserved, refused, pieces: pieces.clone() })
    }
}
