//! Messages to JSON and back, under the contract of a method.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions,
};
use serde_json::Value;

use super::check::{self, Problem};
use super::corrections::correct;
use super::defaults;
use super::error::{Side, Violation};
use super::method::{Defaults, Enums, Int64, Method, Names};

const EMPTY: &str = "google.protobuf.Empty";

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let bytes = include_bytes!(concat!(env!("OUT_DIR"), "/iii_contracts/descriptors.bin"));
    DescriptorPool::decode(bytes.as_slice()).expect("the build script wrote the descriptors")
});

/// The descriptor of a message of the contracts.
pub(super) fn descriptor(full_name: &str) -> MessageDescriptor {
    POOL.get_message_by_name(full_name)
        .unwrap_or_else(|| panic!("the .proto files given to build.rs do not hold {full_name}"))
}

/// Reads one side of a method. A violation names the place and the problem, never the value.
pub fn decode<M: Message + Default>(
    method: &Method,
    side: Side,
    mut value: Value,
) -> Result<M, Violation> {
    let descriptor = descriptor(name_of(method, side));
    if side == Side::Response && value.is_null() && descriptor.full_name() == EMPTY {
        return Ok(M::default());
    }
    let read = check::read(method, &descriptor, &mut value)
        .and_then(|()| dynamic(descriptor, value))
        .and_then(|message| message.transcode_to().map_err(|_| does_not_fit("$")));
    read.map_err(|problem| violation(method, side, problem))
}

/// Writes one side of a method in the contract's JSON profile.
pub fn encode<M: Message>(method: &Method, side: Side, message: &M) -> Result<Value, Violation> {
    let descriptor = descriptor(name_of(method, side));
    written(method, descriptor, message).map_err(|problem| violation(method, side, problem))
}

fn name_of(method: &Method, side: Side) -> &'static str {
    match side {
        Side::Request => method.request,
        Side::Response | Side::Config => method.response,
    }
}

fn violation(method: &Method, side: Side, problem: Problem) -> Violation {
    Violation {
        function_id: method.function_id.to_string(),
        side,
        path: problem.path,
        problem: problem.text,
    }
}

fn does_not_fit(path: impl Into<String>) -> Problem {
    Problem {
        path: path.into(),
        text: "the value does not fit its type".to_string(),
    }
}

fn dynamic(descriptor: MessageDescriptor, value: Value) -> Result<DynamicMessage, Problem> {
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let mut track = serde_path_to_error::Track::new();
    let deserializer = serde_path_to_error::Deserializer::new(value, &mut track);
    let read = DynamicMessage::deserialize_with_options(descriptor, deserializer, &options);
    // The text of the error may quote the payload, so only the place is told.
    read.map_err(|_| match track.path().to_string().as_str() {
        "." => does_not_fit("$"),
        place => does_not_fit(format!("$.{place}")),
    })
}

fn written<M: Message>(
    method: &Method,
    descriptor: MessageDescriptor,
    message: &M,
) -> Result<Value, Problem> {
    let mut dynamic = DynamicMessage::new(descriptor.clone());
    dynamic
        .transcode_from(message)
        .map_err(|_| does_not_fit("$"))?;
    let profile = method.json;
    let options = SerializeOptions::new()
        .stringify_64_bit_integers(profile.int64 == Int64::String)
        .use_enum_numbers(profile.enums == Enums::Number)
        .use_proto_field_name(profile.names == Names::Proto)
        .skip_default_fields(profile.defaults == Defaults::Omit);
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut text);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Serializer::new(&mut serializer, &mut track);
    dynamic
        .serialize_with_options(tracked, &options)
        .map_err(|_| match track.path().to_string().as_str() {
            "." => does_not_fit("$"),
            place => does_not_fit(format!("$.{place}")),
        })?;
    // Text in between, because a float is shortest only there.
    let mut value = serde_json::from_slice(&text).map_err(|_| does_not_fit("$"))?;
    correct(&dynamic, &mut value, profile);
    defaults::write_required(method, &descriptor, &mut value, "$")?;
    Ok(value)
}
