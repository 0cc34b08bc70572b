//! Prints the schemas of an order as Rust workers register them, by schemars 0.8 (draft-07) and 1 (2020-12).

macro_rules! models {
    ($name:literal) => {
        use std::collections::BTreeMap;

        #[allow(dead_code)]
        #[derive(serde::Serialize, JsonSchema)]
        #[schemars(crate = $name)]
        pub enum Currency {
            EUR,
            USD,
        }

        #[derive(serde::Serialize, JsonSchema)]
        #[schemars(crate = $name)]
        pub struct Money {
            currency: Currency,
            units: i64,
        }

        #[allow(dead_code)]
        #[derive(serde::Serialize, JsonSchema)]
        #[schemars(crate = $name)]
        #[serde(tag = "kind", rename_all = "lowercase")]
        pub enum Payment {
            Card { number: String },
            Cash,
        }

        #[derive(serde::Serialize, JsonSchema)]
        #[schemars(crate = $name)]
        pub struct Line {
            sku: String,
            quantity: u32,
            #[serde(default)]
            parts: Vec<Line>,
        }

        #[derive(serde::Serialize, JsonSchema)]
        #[schemars(crate = $name)]
        #[serde(deny_unknown_fields)]
        pub struct Order {
            id: String,
            lines: Vec<Line>,
            total: Money,
            note: Option<String>,
            #[serde(default)]
            attributes: BTreeMap<String, String>,
            #[serde(default)]
            weight: f64,
            placed: chrono::DateTime<chrono::Utc>,
            payment: Payment,
        }
    };
}

mod old {
    use schemars08::JsonSchema;
    models!("schemars08");
}

mod new {
    use schemars1::JsonSchema;
    models!("schemars1");
}

fn main() {
    println!(
        "{}",
        serde_json::json!({
            "schemars_0_8": schemars08::schema_for!(old::Order),
            "schemars_1": schemars1::schema_for!(new::Order),
        })
    );
}
