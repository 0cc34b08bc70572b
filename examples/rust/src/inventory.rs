//! inventory: reserves stock for order lines, by the catalogue in examples/data.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use iii_sdk::{Error, IIIClient};
use serde::{Deserialize, Serialize};

use crate::contract::{faithful, schemas, serve, Distortion};
use crate::protojson::Int64;
use crate::status::status;

const CATALOGUE: &str = include_str!("../../data/catalogue.json");

#[derive(Deserialize)]
struct Item {
    sku: String,
    warehouse: Warehouse,
    /// Most pieces one order line may reserve.
    line_limit: i64,
    per_parcel: i64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Warehouse {
    #[serde(rename = "WAREHOUSE_NORTH")]
    North,
    #[serde(rename = "WAREHOUSE_SOUTH")]
    South,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReserveRequest {
    order_id: String,
    sku: String,
    quantity: Int64,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reservation {
    reservation_id: String,
    quantity: Int64,
    warehouse: Warehouse,
    parcels: i32,
}

#[derive(Deserialize)]
struct CountRequest {}

#[derive(Serialize)]
struct CountResponse {
    reserved: Int64,
    refused: Int64,
    pieces: BTreeMap<String, Int64>,
}

#[derive(Default)]
struct Stock {
    items: HashMap<String, Item>,
    reserved: HashMap<String, Reservation>,
    refused: HashSet<String>,
    pieces: BTreeMap<String, Int64>,
}

impl Stock {
    fn load() -> Self {
        let items: Vec<Item> =
            serde_json::from_str(CATALOGUE).expect("examples/data/catalogue.json is well formed");
        let items = items
            .into_iter()
            .map(|item| (item.sku.clone(), item))
            .collect();
        Self {
            items,
            ..Self::default()
        }
    }

    /// The same order id gets the same reservation again.
    fn reserve(&mut self, request: ReserveRequest) -> Result<Reservation, Error> {
        if let Some(known) = self.reserved.get(&request.order_id) {
            return Ok(known.clone());
        }
        let reservation = self.fit(&request).inspect_err(|_| {
            self.refused.insert(request.order_id.clone());
        })?;
        self.pieces.entry(request.sku).or_default().0 += request.quantity.0;
        self.reserved.insert(request.order_id, reservation.clone());
        Ok(reservation)
    }

    fn fit(&self, request: &ReserveRequest) -> Result<Reservation, Error> {
        let ReserveRequest {
            order_id,
            sku,
            quantity,
        } = request;
        let item = self
            .items
            .get(sku)
            .ok_or_else(|| status("NOT_FOUND", format!("no stock of sku {sku}")))?;
        if quantity.0 <= 0 {
            return Err(status("INVALID_ARGUMENT", "the quantity must be positive"));
        }
        if quantity.0 > item.line_limit {
            let limit = item.line_limit;
            let problem =
                format!("a line may reserve at most {limit} of sku {sku}: split the order");
            return Err(status("FAILED_PRECONDITION", problem));
        }
        let parcels = (quantity.0 + item.per_parcel - 1) / item.per_parcel;
        Ok(Reservation {
            reservation_id: format!("r-{order_id}"),
            quantity: *quantity,
            warehouse: item.warehouse,
            parcels: i32::try_from(parcels).map_err(|_| status("INTERNAL", "too many parcels"))?,
        })
    }

    fn count(&self) -> CountResponse {
        CountResponse {
            reserved: Int64(self.reserved.len() as i64),
            refused: Int64(self.refused.len() as i64),
            pieces: self.pieces.clone(),
        }
    }
}

/// Registers `inventory::reserve` and `inventory::count`.
pub fn serve_inventory(client: &IIIClient, distort: Distortion) -> [&'static str; 2] {
    let stock = Arc::new(Mutex::new(Stock::load()));
    let counted = Arc::clone(&stock);
    serve(
        client,
        "inventory::reserve",
        schemas!("examples.inventory.v1.InventoryService.Reserve"),
        distort,
        move |request: ReserveRequest| {
            let answer = stock
                .lock()
                .expect("no handler panics holding the stock")
                .reserve(request);
            async move { answer }
        },
    );
    serve(
        client,
        "inventory::count",
        schemas!("examples.inventory.v1.InventoryService.Count"),
        faithful,
        move |_: CountRequest| {
            let answer = counted
                .lock()
                .expect("no handler panics holding the stock")
                .count();
            async move { Ok(answer) }
        },
    );
    ["inventory::reserve", "inventory::count"]
}
