//! Reads documents, one JSON line each, and writes for each what became of it.
//!
//! In: `{"type": …, "json": text}` or `{"type": …, "binary": base64}`.
//! Out: `{"error": text}` or `{"binary": base64, "json": {profile: text}}`.

use std::error::Error;
use std::io::{self, BufRead, Write};

use base64::{engine::general_purpose::STANDARD, Engine};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::{json, Map, Value};

use crate::contracts::vectors::v1 as messages;

const DESCRIPTORS: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/iii_contracts/descriptors.bin"));

type Outcome<T> = Result<T, Box<dyn Error>>;

fn profiles() -> [(&'static str, SerializeOptions); 5] {
    let default = || SerializeOptions::new().skip_default_fields(false);
    [
        ("default", default()),
        ("canonical", SerializeOptions::new()),
        ("proto-names", default().use_proto_field_name(true)),
        ("enum-numbers", default().use_enum_numbers(true)),
        ("int64-numbers", default().stringify_64_bit_integers(false)),
    ]
}

pub fn run() -> Outcome<()> {
    let pool = DescriptorPool::decode(DESCRIPTORS)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let document: Value = serde_json::from_str(&line?)?;
        let answer = match answer(&pool, &document) {
            Ok(answer) => answer,
            Err(error) => json!({"error": error.to_string()}),
        };
        writeln!(out, "{answer}")?;
    }
    Ok(out.flush()?)
}

fn answer(pool: &DescriptorPool, document: &Value) -> Outcome<Value> {
    let name = text(document, "type")?;
    let descriptor = pool.get_message_by_name(name).ok_or("no such message")?;
    match name.trim_start_matches("vectors.v1.") {
        "Plain" => through::<messages::Plain>(descriptor, document),
        "Present" => through::<messages::Present>(descriptor, document),
        "Lists" => through::<messages::Lists>(descriptor, document),
        "Maps" => through::<messages::Maps>(descriptor, document),
        "Choice" => through::<messages::Choice>(descriptor, document),
        "Tree" => through::<messages::Tree>(descriptor, document),
        "Names" => through::<messages::Names>(descriptor, document),
        "WellKnown" => through::<messages::WellKnown>(descriptor, document),
        "WellKnownLists" => through::<messages::WellKnownLists>(descriptor, document),
        "WellKnownMaps" => through::<messages::WellKnownMaps>(descriptor, document),
        "WellKnownChoice" => through::<messages::WellKnownChoice>(descriptor, document),
        _ => Err("the program does not know the message".into()),
    }
}

/// The document as a typed message, and that in binary and in every profile of JSON.
fn through<M: Message + Default>(
    descriptor: MessageDescriptor,
    document: &Value,
) -> Outcome<Value> {
    let message: M = match document.get("binary") {
        Some(_) => M::decode(&*STANDARD.decode(text(document, "binary")?)?)?,
        None => read_json(descriptor.clone(), text(document, "json")?)?.transcode_to()?,
    };
    let mut reflected = DynamicMessage::new(descriptor);
    reflected.transcode_from(&message)?;
    let mut written = Map::new();
    for (profile, options) in profiles() {
        let mut serializer = serde_json::Serializer::new(Vec::new());
        reflected.serialize_with_options(&mut serializer, &options)?;
        written.insert(
            profile.into(),
            String::from_utf8(serializer.into_inner())?.into(),
        );
    }
    Ok(json!({"binary": STANDARD.encode(message.encode_to_vec()), "json": written}))
}

fn read_json(descriptor: MessageDescriptor, text: &str) -> Outcome<DynamicMessage> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let message = DynamicMessage::deserialize(descriptor, &mut deserializer)?;
    deserializer.end()?;
    Ok(message)
}

fn text<'a>(document: &'a Value, member: &str) -> Outcome<&'a str> {
    Ok(document
        .get(member)
        .and_then(Value::as_str)
        .ok_or("a member is missing")?)
}
