//! Members that have to be written although they hold their default values.

use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{json, Value};

use super::check::Problem;
use super::method::{Enums, Int64, Method, Names, Profile};

/// The member of a field under a profile.
pub(super) fn member_name(field: &FieldDescriptor, profile: Profile) -> String {
    match profile.names {
        Names::Json => field.json_name().to_string(),
        Names::Proto => field.name().to_string(),
    }
}

/// The JSON of a field that is not set; null where unset and default differ.
pub(super) fn default_of(field: &FieldDescriptor, profile: Profile) -> Value {
    if field.is_list() {
        return json!([]);
    }
    if field.is_map() {
        return json!({});
    }
    if field.supports_presence() {
        return Value::Null;
    }
    match field.kind() {
        Kind::Bool => json!(false),
        Kind::String | Kind::Bytes => json!(""),
        Kind::Double | Kind::Float => json!(0.0),
        Kind::Enum(values) if profile.enums == Enums::Name => {
            json!(values.default_value().name())
        }
        Kind::Int64 | Kind::Uint64 | Kind::Sint64 | Kind::Fixed64 | Kind::Sfixed64
            if profile.int64 == Int64::String =>
        {
            json!("0")
        }
        _ => json!(0),
    }
}

/// Adds required members a profile leaves out, here and below.
pub(super) fn write_required(
    method: &Method,
    descriptor: &MessageDescriptor,
    value: &mut Value,
    path: &str,
) -> Result<(), Problem> {
    if method.required.is_empty() || descriptor.full_name().starts_with("google.protobuf.") {
        return Ok(());
    }
    let Some(members) = value.as_object_mut() else {
        return Ok(());
    };
    for name in method.required_of(descriptor.full_name()) {
        let Some(field) = descriptor.get_field_by_name(name) else {
            continue;
        };
        let member = member_name(&field, method.json);
        if !members.contains_key(&member) {
            let written = default_of(&field, method.json);
            if written.is_null() || field.cardinality() == Cardinality::Required {
                return Err(Problem {
                    path: format!("{path}.{member}"),
                    text: "the required member is not set".to_string(),
                });
            }
            members.insert(member, written);
        }
    }
    for field in descriptor.fields() {
        if let Some(held) = members.get_mut(&member_name(&field, method.json)) {
            let here = format!("{path}.{}", member_name(&field, method.json));
            each_message(&field, held, &here, &mut |inner, value, path| {
                write_required(method, inner, value, path)
            })?;
        }
    }
    Ok(())
}

type Visit<'a> = dyn FnMut(&MessageDescriptor, &mut Value, &str) -> Result<(), Problem> + 'a;

fn each_message(
    field: &FieldDescriptor,
    held: &mut Value,
    path: &str,
    visit: &mut Visit<'_>,
) -> Result<(), Problem> {
    let Kind::Message(inner) = field.kind() else {
        return Ok(());
    };
    if field.is_map() {
        let Kind::Message(inner) = inner.map_entry_value_field().kind() else {
            return Ok(());
        };
        for (key, item) in held.as_object_mut().into_iter().flatten() {
            visit(&inner, item, &format!("{path}[{}]", json!(key)))?;
        }
        return Ok(());
    }
    if field.is_list() {
        for (index, item) in held.as_array_mut().into_iter().flatten().enumerate() {
            visit(&inner, item, &format!("{path}[{index}]"))?;
        }
        return Ok(());
    }
    visit(&inner, held, path)
}
