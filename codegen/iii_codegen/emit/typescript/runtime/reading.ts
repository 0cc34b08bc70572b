// Reads JSON as a message. protobuf-es converts; what it lets pass is checked before: REQUIRED members, names of enum
// values, unknown members, members that stand twice, 64-bit integers that JavaScript has already rounded.

import { fromJson, ScalarType, type DescEnum, type DescField, type DescMessage, type JsonValue, type MessageShape, type Registry } from "@bufbuild/protobuf";
import type { Json, JsonMembers } from "./contract.js";
import { at, expected, isInt64, Misfit } from "./place.js";
import { isMembers } from "./status.js";

/** How one side of a method is read. */
export interface Reading {
  readonly registry: Registry;
  readonly required: { readonly [message: string]: readonly string[] };
  readonly unknownMembers: "ignore" | "warn" | "reject";
  readonly unknownEnumNames: "reject" | "ignore";
  /** Told of each unknown member under `warn`, by its path. */
  readonly warn: (path: string) => void;
}

/** Reads a message. Throws Misfit. */
export function readMessage<M extends DescMessage>(schema: M, data: unknown, reading: Reading): MessageShape<M> {
  if (!isMembers(data)) throw new Misfit("$", "expected an object");
  new Inspection(reading).message(schema, data, "$");
  try {
    return convert(schema, data, reading);
  } catch {
    // Its text quotes the payload, so only the place is told.
    throw locate(schema, data, "$", reading);
  }
}

function convert<M extends DescMessage>(schema: M, data: unknown, reading: Reading): MessageShape<M> {
  return fromJson(schema, data as JsonValue, { ignoreUnknownFields: true, registry: reading.registry });
}

/** Fields by both spellings, the JSON name first where two fields claim one. */
export function fieldsOf(schema: DescMessage): ReadonlyMap<string, DescField> {
  let found = known.get(schema);
  if (found === undefined) {
    found = new Map([...schema.fields.map(byName), ...schema.fields.map(byJsonName)]);
    known.set(schema, found);
  }
  return found;
}

const known = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();
const byName = (field: DescField): [string, DescField] => [field.name, field];
const byJsonName = (field: DescField): [string, DescField] => [field.jsonName, field];

const WRAPPERS = /^google\.protobuf\.U?Int64Value$/;

class Inspection {
  readonly #reading: Reading;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  message(schema: DescMessage, data: unknown, path: string): void {
    if (schema.typeName.startsWith("google.protobuf.")) return this.#wellKnown(schema, data, path);
    if (isMembers(data)) this.#members(schema, data, path, []);
  }

  #wellKnown(schema: DescMessage, data: unknown, path: string): void {
    if (WRAPPERS.test(schema.typeName)) checkExact(data, path);
    if (schema.typeName !== "google.protobuf.Any" || !isMembers(data) || typeof data["@type"] !== "string") return;
    const inner = this.#reading.registry.getMessage(data["@type"].slice(data["@type"].lastIndexOf("/") + 1));
    if (inner === undefined) throw new Misfit(at.member(path, "@type"), "the type is not part of the contracts");
    if (!inner.typeName.startsWith("google.protobuf.")) this.#members(inner, data, path, ["@type"]);
  }

  #members(schema: DescMessage, data: JsonMembers, path: string, besides: readonly string[]): void {
    const fields = fieldsOf(schema);
    const met = new Map<DescField | DescField["oneof"], boolean>();
    for (const [name, value] of Object.entries(data)) {
      if (besides.includes(name)) continue;
      const field = fields.get(name);
      const place = at.member(path, name);
      if (field === undefined) {
        this.#unknown(place);
        continue;
      }
      if (met.has(field)) throw new Misfit(place, "the member stands twice");
      const isThere = value !== null || takesNull(field);
      if (!isThere && field.oneof !== undefined) delete data[name]; // protobuf-es would take it for set
      if (isThere && field.oneof !== undefined) {
        if (met.has(field.oneof)) throw new Misfit(place, "another member of its oneof is set");
        met.set(field.oneof, true);
      }
      met.set(field, isThere && this.#field(field, data, name, place));
    }
    for (const name of this.#reading.required[schema.typeName] ?? []) {
      const field = fields.get(name);
      if (field !== undefined && met.get(field) !== true) {
        throw new Misfit(at.member(path, field.jsonName), "the required member is missing");
      }
    }
  }

  #unknown(place: string): void {
    if (this.#reading.unknownMembers === "reject") throw new Misfit(place, "the contract does not know the member");
    if (this.#reading.unknownMembers === "warn") this.#reading.warn(place.replace(/\[[^\]]*\]/g, "[]"));
  }

  /** Whether there is a value: the name of an enum value that is passed over counts as none. */
  #field(field: DescField, data: JsonMembers, name: string, place: string): boolean {
    const value = data[name];
    if (field.fieldKind === "list") {
      if (Array.isArray(value)) value.forEach((_, index) => this.#value(field, value as unknown as JsonMembers, String(index), at.item(place, index)));
    } else if (field.fieldKind === "map") {
      if (isMembers(value)) for (const key of Object.keys(value)) this.#value(field, value, key, at.entry(place, key));
    } else {
      return this.#value(field, data, name, place);
    }
    return true;
  }

  #value(field: DescField, holder: JsonMembers, key: string, place: string): boolean {
    const value = holder[key] ?? null;
    if (isFloat(field)) holder[key] = withinFloat(value);
    if (field.message !== undefined) this.message(field.message, value, place);
    else if (isInt64(field.scalar)) checkExact(value, place);
    else if (field.enum !== undefined) return this.#enumName(field.enum, value, place);
    return true;
  }

  #enumName(schema: DescEnum, value: Json, place: string): boolean {
    if (typeof value !== "string" || schema.values.some((candidate) => candidate.name === value)) return true;
    if (this.#reading.unknownEnumNames === "reject") throw new Misfit(place, `no such name in ${schema.typeName}`);
    return false;
  }
}

function takesNull(field: DescField): boolean {
  return field.message?.typeName === "google.protobuf.Value" || field.enum?.typeName === "google.protobuf.NullValue";
}

function isFloat(field: DescField): boolean {
  return field.scalar === ScalarType.FLOAT || field.message?.typeName === "google.protobuf.FloatValue";
}

/** The greatest float as others write it, in eight digits, is a little more than that, and protobuf-es would refuse it. */
function withinFloat(value: Json): Json {
  const number = typeof value === "number" || typeof value === "string" ? Number(value) : 0;
  return Math.abs(number) > MOST_FLOAT && Math.abs(Math.fround(number)) <= MOST_FLOAT ? Math.fround(number) : value;
}

const MOST_FLOAT = 3.4028234663852886e38;

/** A number beyond 2^53 is another one by the time we see it. */
function checkExact(value: unknown, place: string): void {
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new Misfit(place, "a number beyond 2^53 is not exact in JavaScript; send a string");
  }
}

/** The innermost value that cannot be read on its own. */
function locate(schema: DescMessage, data: unknown, path: string, reading: Reading): Misfit {
  const reads = (part: unknown): boolean => {
    try {
      convert(schema, part, reading);
      return true;
    } catch {
      return false;
    }
  };
  if (!isMembers(data)) return new Misfit(path, `not a ${schema.typeName}`);
  for (const [name, value] of Object.entries(data)) {
    const field = fieldsOf(schema).get(name);
    if (field === undefined || reads({ [name]: value })) continue;
    const place = at.member(path, name);
    if (field.fieldKind === "list" && Array.isArray(value)) {
      const index = value.findIndex((one) => !reads({ [name]: [one] }));
      return index < 0 ? new Misfit(place, "not a list of its field") : within(field, value[index], at.item(place, index), reading);
    }
    if (field.fieldKind === "map" && isMembers(value)) {
      const entry = Object.entries(value).find(([key, one]) => !reads({ [name]: { [key]: one } }));
      return entry === undefined ? new Misfit(place, "not a map of its field") : within(field, entry[1], at.entry(place, entry[0]), reading);
    }
    return field.fieldKind === "list" ? new Misfit(place, "expected a list") : within(field, value, place, reading);
  }
  return new Misfit(path, `not a ${schema.typeName}`);
}

function within(field: DescField, value: unknown, place: string, reading: Reading): Misfit {
  return field.message === undefined ? new Misfit(place, expected(field)) : locate(field.message, value, place, reading);
}
