//! The ProtoJSON spellings that serde does not have: 64-bit integers as strings, bytes as base64,
//! and doubles that are not numbers.

use base64::{engine::general_purpose::STANDARD, Engine};
use serde::{Deserialize, Serialize};

/// How a 64-bit integer may be written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Spelling<N> {
    Text(String),
    Number(N),
}

macro_rules! integer {
    ($name:ident, $inner:ty) => {
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "Spelling<serde_json::Number>", into = "String")]
        pub struct $name(pub $inner);

        impl TryFrom<Spelling<serde_json::Number>> for $name {
            type Error = String;

            fn try_from(spelling: Spelling<serde_json::Number>) -> Result<Self, String> {
                let text = match spelling {
                    Spelling::Text(text) => text,
                    Spelling::Number(number) => number.to_string(),
                };
                let problem = concat!("not a ", stringify!($inner));
                text.parse().map(Self).map_err(|_| problem.to_string())
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0.to_string()
            }
        }
    };
}

integer!(Int64, i64);
integer!(Uint64, u64);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bytes(pub Vec<u8>);

impl TryFrom<String> for Bytes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        STANDARD
            .decode(text)
            .map(Self)
            .map_err(|_| "not base64".to_string())
    }
}

impl From<Bytes> for String {
    fn from(value: Bytes) -> String {
        STANDARD.encode(value.0)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(try_from = "Spelling<f64>")]
pub struct Double(pub f64);

impl TryFrom<Spelling<f64>> for Double {
    type Error = String;

    fn try_from(spelling: Spelling<f64>) -> Result<Self, String> {
        match spelling {
            Spelling::Number(number) => Ok(Self(number)),
            Spelling::Text(text) => match text.as_str() {
                "NaN" => Ok(Self(f64::NAN)),
                "Infinity" => Ok(Self(f64::INFINITY)),
                "-Infinity" => Ok(Self(f64::NEG_INFINITY)),
                _ => text
                    .parse()
                    .map(Self)
                    .map_err(|_| "not a double".to_string()),
            },
        }
    }
}

impl Serialize for Double {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            number if number.is_nan() => serializer.serialize_str("NaN"),
            f64::INFINITY => serializer.serialize_str("Infinity"),
            f64::NEG_INFINITY => serializer.serialize_str("-Infinity"),
            number => serializer.serialize_f64(number),
        }
    }
}
