//! JSON against a message before it is read: what prost-reflect would let pass, and problems with their places.
//!
//! Numbers that are spelled as text come out as numbers, so that every legal spelling is read.

use std::collections::HashSet;
use std::sync::Mutex;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{json, Map, Value};

use super::corrections::complete_any;
use super::method::{Method, UnknownEnumNames, UnknownMembers};
use super::scalars::{expect, floating, integer, kind_of};

const MAX_DEPTH: usize = 100;
const MOST_WARNINGS: usize = 1000;
const NAME_LIMIT: usize = 64;

static WARNED: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// Where a value does not fit, and why.
#[derive(Debug)]
pub(super) struct Problem {
    pub path: String,
    pub text: String,
}

/// What became of a value.
enum Read {
    Kept,
    /// A name of an enum that nobody knows counts as absent.
    Skipped,
}

/// Checks JSON that arrived for a method, and brings it into the form that is read.
pub(super) fn read(
    method: &Method,
    descriptor: &MessageDescriptor,
    value: &mut Value,
) -> Result<(), Problem> {
    Reader { method }.message(descriptor, value, "$", 0)
}

struct Reader<'a> {
    method: &'a Method,
}

impl Reader<'_> {
    fn message(
        &self,
        descriptor: &MessageDescriptor,
        value: &mut Value,
        path: &str,
        depth: usize,
    ) -> Result<(), Problem> {
        if descriptor.full_name().starts_with("google.protobuf.") {
            return well_known(descriptor, value, path);
        }
        if depth >= MAX_DEPTH {
            return fail(
                path,
                format!("messages are nested more than {MAX_DEPTH} deep"),
            );
        }
        let found = kind_of(value);
        let Some(members) = value.as_object_mut() else {
            return fail(path, format!("expected an object, found {found}"));
        };
        let met = self.members(descriptor, members, path, depth)?;
        for name in self.method.required_of(descriptor.full_name()) {
            let field = descriptor.get_field_by_name(name);
            if let Some(field) = field.filter(|field| !met.contains(&field.number())) {
                let here = member_path(path, field.json_name());
                return fail(&here, "the required member is missing");
            }
        }
        Ok(())
    }

    /// The numbers of the fields that are present.
    fn members(
        &self,
        descriptor: &MessageDescriptor,
        members: &mut Map<String, Value>,
        path: &str,
        depth: usize,
    ) -> Result<HashSet<u32>, Problem> {
        let mut seen = HashSet::new();
        let mut met = HashSet::new();
        let mut oneofs = HashSet::new();
        let mut skipped = Vec::new();
        for (name, value) in members.iter_mut() {
            let here = member_path(path, name);
            let Some(field) = field_of(descriptor, name) else {
                self.unknown(&here)?;
                continue;
            };
            if !seen.insert(field.number()) {
                return fail(&here, "the member occurs twice");
            }
            if value.is_null() && !takes_null(&field) {
                skipped.push(name.clone()); // a list of Value would have null in it
                continue;
            }
            if let Some(oneof) = field.containing_oneof() {
                if !oneofs.insert(oneof.name().to_string()) {
                    let text = format!(
                        "another member of the oneof {} is present too",
                        oneof.name()
                    );
                    return fail(&here, text);
                }
            }
            match self.field(&field, value, &here, depth)? {
                Read::Kept => drop(met.insert(field.number())),
                Read::Skipped => skipped.push(name.clone()),
            }
        }
        for name in skipped {
            members.remove(&name);
        }
        Ok(met)
    }

    fn unknown(&self, path: &str) -> Result<(), Problem> {
        match self.method.unknown_members {
            UnknownMembers::Ignore => Ok(()),
            UnknownMembers::Warn => {
                warn_once(format!(
                    "{} skips an unknown member at {path}",
                    self.method.function_id
                ));
                Ok(())
            }
            UnknownMembers::Reject => fail(path, "the contract does not know the member"),
        }
    }

    fn field(
        &self,
        field: &FieldDescriptor,
        value: &mut Value,
        path: &str,
        depth: usize,
    ) -> Result<Read, Problem> {
        let found = kind_of(value);
        if field.is_map() {
            let Some(members) = value.as_object_mut() else {
                return fail(path, format!("expected an object, found {found}"));
            };
            return self.map(field, members, path, depth);
        }
        if !field.is_list() {
            return self.element(&field.kind(), value, path, depth);
        }
        let Some(items) = value.as_array_mut() else {
            return fail(path, format!("expected an array, found {found}"));
        };
        let kind = field.kind();
        let mut kept = Vec::with_capacity(items.len());
        for (index, mut item) in std::mem::take(items).into_iter().enumerate() {
            let here = format!("{path}[{index}]");
            if let Read::Kept = self.element(&kind, &mut item, &here, depth)? {
                kept.push(item);
            }
        }
        *items = kept;
        Ok(Read::Kept)
    }

    fn map(
        &self,
        field: &FieldDescriptor,
        members: &mut Map<String, Value>,
        path: &str,
        depth: usize,
    ) -> Result<Read, Problem> {
        let Kind::Message(entry) = field.kind() else {
            return Ok(Read::Kept);
        };
        let (keys, values) = (
            entry.map_entry_key_field().kind(),
            entry.map_entry_value_field(),
        );
        let kind = values.kind();
        let hidden = is_redacted(field);
        let mut kept = Map::new();
        for (key, mut item) in std::mem::take(members) {
            let here = if hidden {
                format!("{path}[*]")
            } else {
                format!("{path}[{}]", shown_name(&key))
            };
            check_key(&keys, &key, &here)?;
            if item.is_null() && !takes_null(&values) {
                return fail(&here, "null is no value of a map; leave the member out");
            }
            if let Read::Kept = self.element(&kind, &mut item, &here, depth)? {
                kept.insert(key, item);
            }
        }
        *members = kept;
        Ok(Read::Kept)
    }

    fn element(
        &self,
        kind: &Kind,
        value: &mut Value,
        path: &str,
        depth: usize,
    ) -> Result<Read, Problem> {
        let checked = match kind {
            Kind::Message(inner) => {
                self.message(inner, value, path, depth + 1)?;
                return Ok(Read::Kept);
            }
            Kind::Enum(names) => return self.enumeration(names, value, path),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                integer(value, i32::MIN.into(), i32::MAX.into(), "int32")
            }
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
                integer(value, i64::MIN.into(), i64::MAX.into(), "int64")
            }
            Kind::Uint32 | Kind::Fixed32 => integer(value, 0, u32::MAX.into(), "uint32"),
            Kind::Uint64 | Kind::Fixed64 => integer(value, 0, u64::MAX.into(), "uint64"),
            Kind::Double => floating(value, f64::MAX, "double"),
            Kind::Float => floating(value, f64::from(f32::MAX), "float"),
            Kind::Bool => expect(value.is_boolean(), "a boolean", value),
            Kind::String => expect(value.is_string(), "a string", value),
            Kind::Bytes => expect(value.is_string(), "a base64 string", value),
        };
        checked.map_or_else(|text| fail(path, text), |()| Ok(Read::Kept))
    }

    fn enumeration(
        &self,
        known: &EnumDescriptor,
        value: &mut Value,
        path: &str,
    ) -> Result<Read, Problem> {
        match value {
            Value::Null if known.full_name() == "google.protobuf.NullValue" => Ok(Read::Kept),
            Value::String(name) if known.get_value_by_name(name).is_some() => Ok(Read::Kept),
            Value::String(_) if self.method.unknown_enum_names == UnknownEnumNames::Ignore => {
                Ok(Read::Skipped)
            }
            Value::String(_) => {
                let enumeration = known.full_name();
                fail(
                    path,
                    format!("the enum {enumeration} does not know the name"),
                )
            }
            Value::Number(_) if known.full_name() == "google.protobuf.NullValue" => {
                *value = Value::Null;
                Ok(Read::Kept)
            }
            Value::Number(_) => integer(value, i32::MIN.into(), i32::MAX.into(), "int32")
                .map_or_else(|text| fail(path, text), |()| Ok(Read::Kept)),
            other => {
                let found = kind_of(other);
                fail(
                    path,
                    format!("expected an enum name or number, found {found}"),
                )
            }
        }
    }
}

fn fail<T>(path: &str, text: impl Into<String>) -> Result<T, Problem> {
    Err(Problem {
        path: path.to_string(),
        text: text.into(),
    })
}

/// The rest of these types prost-reflect checks itself.
fn well_known(
    descriptor: &MessageDescriptor,
    value: &mut Value,
    path: &str,
) -> Result<(), Problem> {
    match descriptor.full_name() {
        "google.protobuf.FloatValue" => {
            floating(value, f64::from(f32::MAX), "float").or_else(|text| fail(path, text))
        }
        "google.protobuf.Any" => {
            complete_any(value);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// By either spelling.
pub(super) fn field_of(descriptor: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    descriptor
        .get_field_by_json_name(name)
        .or_else(|| descriptor.get_field_by_name(name))
}

/// Where null is a value; everywhere else it means unset.
fn takes_null(field: &FieldDescriptor) -> bool {
    match field.kind() {
        Kind::Message(inner) => !field.is_list() && inner.full_name() == "google.protobuf.Value",
        Kind::Enum(values) => !field.is_list() && values.full_name() == "google.protobuf.NullValue",
        _ => false,
    }
}

fn is_redacted(field: &FieldDescriptor) -> bool {
    let options = field.options();
    let found = options.get_field_by_name("debug_redact");
    found.is_some_and(|value| value.as_bool() == Some(true))
}

fn check_key(kind: &Kind, key: &str, path: &str) -> Result<(), Problem> {
    let mut text = json!(key);
    let checked = match kind {
        Kind::String => Ok(()),
        Kind::Bool if matches!(key, "true" | "false") => Ok(()),
        Kind::Bool => Err("expected \"true\" or \"false\"".to_string()),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            integer(&mut text, i32::MIN.into(), i32::MAX.into(), "int32")
        }
        Kind::Uint32 | Kind::Fixed32 => integer(&mut text, 0, u32::MAX.into(), "uint32"),
        Kind::Uint64 | Kind::Fixed64 => integer(&mut text, 0, u64::MAX.into(), "uint64"),
        _ => integer(&mut text, i64::MIN.into(), i64::MAX.into(), "int64"),
    };
    checked.or_else(|problem| fail(path, format!("in the key: {problem}")))
}

pub(super) fn member_path(path: &str, name: &str) -> String {
    let plain = name.len() <= NAME_LIMIT
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .chars()
            .all(|each| each.is_ascii_alphanumeric() || each == '_');
    if plain && !name.is_empty() {
        format!("{path}.{name}")
    } else {
        format!("{path}[{}]", shown_name(name))
    }
}

fn shown_name(name: &str) -> String {
    if name.chars().count() <= NAME_LIMIT {
        return json!(name).to_string();
    }
    let short: String = name.chars().take(NAME_LIMIT - 1).collect();
    json!(format!("{short}…")).to_string()
}

fn warn_once(text: String) {
    let mut warned = WARNED
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let known = warned.get_or_insert_with(HashSet::new);
    if known.len() < MOST_WARNINGS && known.insert(text.clone()) {
        tracing::warn!("{text}");
    }
}
