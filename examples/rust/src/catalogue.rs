//! The catalogue in examples/data.

/// What the shop knows of a sku.
#[derive(serde::Deserialize)]
pub struct Item {
    pub sku: String,
    pub warehouse: String,
    /// Most pieces one order line may reserve.
    pub line_limit: i64,
    pub per_parcel: i64,
}

pub fn load() -> serde_json::Result<Vec<Item>> {
    serde_json::from_str(include_str!("../../data/catalogue.json"))
}
