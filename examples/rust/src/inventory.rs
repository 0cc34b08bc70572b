//! inventory: reserves stock for order lines, by the catalogue in examples/data.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;

use serde::Deserialize;

use crate::contracts::examples::inventory::v1::*;
use crate::contracts::glue::{Code, Context, Error, Status};

#[derive(Deserialize)]
struct Item {
    sku: String,
    warehouse: String,
    /// Most pieces one order line may reserve.
    line_limit: i64,
    per_parcel: i64,
}

#[derive(Default)]
struct Seen {
    reserved: HashMap<String, Reservation>,
    refused: HashSet<String>,
    pieces: BTreeMap<String, i64>,
}

pub struct Inventory {
    items: HashMap<String, Item>,
    seen: Mutex<Seen>,
}

impl Inventory {
    pub fn load() -> serde_json::Result<Self> {
        let items: Vec<Item> = serde_json::from_str(include_str!("../../data/catalogue.json"))?;
        let items = items.into_iter().map(|item| (item.sku.clone(), item));
        Ok(Self {
            items: items.collect(),
            seen: Mutex::default(),
        })
    }

    fn fit(&self, request: &ReserveRequest) -> Result<Reservation, Status> {
        let ReserveRequest {
            order_id,
            sku,
            quantity,
        } = request;
        let none = || Status::new(Code::NotFound, format!("no stock of sku {sku}"));
        let Item {
            warehouse,
            line_limit,
            per_parcel,
            ..
        } = self.items.get(sku).ok_or_else(none)?;
        if *quantity <= 0 {
            return Err(Status::new(
                Code::InvalidArgument,
                "the quantity must be positive",
            ));
        }
        if quantity > line_limit {
            let text =
                format!("a line may reserve at most {line_limit} of sku {sku}: split the order");
            return Err(Status::new(Code::FailedPrecondition, text));
        }
        Ok(Reservation {
            reservation_id: format!("r-{order_id}"),
            quantity: *quantity,
            warehouse: Warehouse::from_str_name(warehouse)
                .unwrap_or_default()
                .into(),
            parcels: ((quantity + per_parcel - 1) / per_parcel) as i32,
        })
    }
}

impl InventoryService for Inventory {
    /// The same order id gets the same reservation again.
    async fn reserve(&self, request: ReserveRequest, _: &Context) -> Result<Reservation, Error> {
        let mut seen = self.seen.lock().expect("no handler panics holding it");
        if let Some(known) = seen.reserved.get(&request.order_id) {
            return Ok(known.clone());
        }
        let fitted = self.fit(&request).inspect_err(|_| {
            seen.refused.insert(request.order_id.clone());
        })?;
        *seen.pieces.entry(request.sku).or_default() += request.quantity;
        seen.reserved.insert(request.order_id, fitted.clone());
        Ok(fitted)
    }

    async fn count(&self, _: CountRequest, _: &Context) -> Result<CountResponse, Error> {
        let seen = self.seen.lock().expect("no handler panics holding it");
        let (reserved, refused) = (seen.reserved.len() as i64, seen.refused.len() as i64);
        Ok(CountResponse {
            reserved,
            refused,
            pieces: seen.pieces.clone(),
        })
    }
}
