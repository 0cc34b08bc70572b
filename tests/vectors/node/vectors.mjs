// Reads documents, one JSON line each, and writes for each what became of it. Runs beside what protoc-gen-es wrote.
//
// In: {"type": …, "json": text} or {"type": …, "binary": base64}.
// Out: {"error": text} or {"binary": base64, "json": {profile: text}}.
import { createInterface } from "node:readline";
import { createRegistry, fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import * as wkt from "@bufbuild/protobuf/wkt";
import { file_vectors_v1_kinds } from "./gen/vectors/v1/kinds_pb.js";
import { file_vectors_v1_names } from "./gen/vectors/v1/names_pb.js";
import { file_vectors_v1_well_known } from "./gen/vectors/v1/well_known_pb.js";

const known = Object.entries(wkt).filter(([name]) => name.startsWith("file_google_protobuf_")).map(([, file]) => file);
const registry = createRegistry(...known, file_vectors_v1_kinds, file_vectors_v1_names, file_vectors_v1_well_known);

const emit = { registry, alwaysEmitImplicit: true };
const PROFILES = {
  "default": emit,
  "canonical": { registry },
  "proto-names": { ...emit, useProtoFieldName: true },
  "enum-numbers": { ...emit, enumAsInteger: true },
};

function answer(document) {
  const schema = registry.getMessage(document.type);
  const message = document.binary === undefined
    ? fromJsonString(schema, document.json, { registry })
    : fromBinary(schema, Buffer.from(document.binary, "base64"));
  const json = {};
  for (const [profile, options] of Object.entries(PROFILES)) json[profile] = toJsonString(schema, message, options);
  return { binary: Buffer.from(toBinary(schema, message)).toString("base64"), json };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  let written;
  try {
    written = answer(JSON.parse(line));
  } catch (error) {
    written = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(written)}\n`);
}
