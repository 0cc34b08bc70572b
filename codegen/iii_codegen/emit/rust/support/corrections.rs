//! What prost-reflect writes of google's own types otherwise than ProtoJSON says, corrected in the JSON.

use prost_reflect::{DynamicMessage, MapKey, ReflectMessage, Value as Held};
use serde_json::{json, Map, Value};

use super::defaults::member_name;
use super::method::Profile;

const ANY: &str = "google.protobuf.Any";
const EMPTY: &str = "google.protobuf.Empty";

/// Wrapped numbers that are not finite come out as null, and an Any that holds an Empty with a value.
pub(super) fn correct(message: &DynamicMessage, written: &mut Value, profile: Profile) {
    let descriptor = message.descriptor();
    match descriptor.full_name() {
        "google.protobuf.DoubleValue" | "google.protobuf.FloatValue" => wrapped(message, written),
        ANY => any(written, &|members| drop(members.remove("value"))),
        name if name.starts_with("google.protobuf.") => (),
        _ => {
            let Some(members) = written.as_object_mut() else {
                return;
            };
            for (field, held) in message.fields() {
                if let Some(member) = members.get_mut(&member_name(&field, profile)) {
                    correct_held(held, member, profile);
                }
            }
        }
    }
}

/// Gives an Any that holds an Empty the value that prost-reflect wants to read.
pub(super) fn complete_any(read: &mut Value) {
    any(read, &|members| {
        members.entry("value").or_insert_with(|| json!({}));
    });
}

fn correct_held(held: &Held, written: &mut Value, profile: Profile) {
    match held {
        Held::Message(inner) => correct(inner, written, profile),
        Held::List(items) => {
            let members = written.as_array_mut().into_iter().flatten();
            for (item, member) in items.iter().zip(members) {
                correct_held(item, member, profile);
            }
        }
        Held::Map(entries) => {
            for (key, item) in entries {
                if let Some(member) = written.get_mut(key_text(key)) {
                    correct_held(item, member, profile);
                }
            }
        }
        _ => (),
    }
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

fn wrapped(message: &DynamicMessage, written: &mut Value) {
    let value = message.get_field_by_name("value");
    let number = match value.as_deref() {
        Some(Held::F64(number)) => *number,
        Some(Held::F32(number)) => f64::from(*number),
        _ => return,
    };
    if number.is_nan() {
        *written = json!("NaN");
    } else if number.is_infinite() {
        *written = json!(if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
    }
}

/// Changes an Any that holds an Empty, also inside of another Any.
fn any(value: &mut Value, change: &dyn Fn(&mut Map<String, Value>)) {
    let Some(members) = value.as_object_mut() else {
        return;
    };
    let url = members.get("@type").and_then(Value::as_str);
    match url.and_then(|url| url.rsplit('/').next()) {
        Some(EMPTY) => change(members),
        Some(ANY) => {
            if let Some(inner) = members.get_mut("value") {
                any(inner, change);
            }
        }
        _ => (),
    }
}
