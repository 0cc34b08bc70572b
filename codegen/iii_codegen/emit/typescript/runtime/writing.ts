// Writes a message as JSON. protobuf-es converts; then the values are held to their types, which it leaves open, and
// the profile's spelling of 64-bit integers and the REQUIRED members are seen to.

import { create, isFieldSet, ScalarType, toJson, type DescEnum, type DescField, type DescMessage, type Message, type Registry } from "@bufbuild/protobuf";
import type { Json, JsonMembers, JsonProfile } from "./contract.js";
import { at, expected, isInt64, Misfit } from "./place.js";
import { isMembers } from "./status.js";

/** How one side of a method is written. */
export interface Writing {
  readonly registry: Registry;
  readonly required: { readonly [message: string]: readonly string[] };
  readonly profile: JsonProfile;
}

/** Writes a message. Throws Misfit. */
export function writeMessage(schema: DescMessage, message: Message, writing: Writing): JsonMembers {
  if ((message as Message | undefined)?.$typeName !== schema.typeName) {
    throw new Misfit("$", `not a ${schema.typeName}; make one with create()`);
  }
  let written: Json;
  try {
    written = convert(schema, message, writing);
  } catch {
    throw locate(schema, message, "$", writing);
  }
  if (!isMembers(written)) throw new Misfit("$", "not an object in JSON");
  new Finish(writing).message(schema, written, "$");
  return written;
}

function convert(schema: DescMessage, message: Message, { registry, profile }: Writing): Json {
  return toJson(schema, message, {
    registry,
    alwaysEmitImplicit: profile.defaults === "emit",
    enumAsInteger: profile.enums === "number",
    useProtoFieldName: profile.names === "proto",
  }) as Json;
}

const RANGES: { readonly [type: number]: readonly [bigint, bigint] } = {
  [ScalarType.INT64]: [-(2n ** 63n), 2n ** 63n - 1n],
  [ScalarType.SINT64]: [-(2n ** 63n), 2n ** 63n - 1n],
  [ScalarType.SFIXED64]: [-(2n ** 63n), 2n ** 63n - 1n],
  [ScalarType.UINT64]: [0n, 2n ** 64n - 1n],
  [ScalarType.FIXED64]: [0n, 2n ** 64n - 1n],
  [ScalarType.INT32]: [-(2n ** 31n), 2n ** 31n - 1n],
  [ScalarType.SINT32]: [-(2n ** 31n), 2n ** 31n - 1n],
  [ScalarType.SFIXED32]: [-(2n ** 31n), 2n ** 31n - 1n],
  [ScalarType.UINT32]: [0n, 2n ** 32n - 1n],
  [ScalarType.FIXED32]: [0n, 2n ** 32n - 1n],
};
const MOST_FLOAT = 3.4028235677973366e38; // from here on it would be rounded to infinity

class Finish {
  readonly #writing: Writing;

  constructor(writing: Writing) {
    this.#writing = writing;
  }

  message(schema: DescMessage, data: Json, path: string): void {
    if (schema.typeName.startsWith("google.protobuf.")) return this.#wellKnown(schema, data, path);
    if (isMembers(data)) this.#members(schema, data, path);
  }

  #wellKnown(schema: DescMessage, data: Json, path: string): void {
    const type = schema.typeName === "google.protobuf.Any" && isMembers(data) ? data["@type"] : undefined;
    const inner = typeof type === "string" ? this.#writing.registry.getMessage(type.slice(type.lastIndexOf("/") + 1)) : undefined;
    if (inner !== undefined && isMembers(data)) {
      const isOwn = inner.typeName.startsWith("google.protobuf.");
      this.message(inner, isOwn ? (data["value"] ?? null) : data, isOwn ? at.member(path, "value") : path);
      if (isInt64Wrapper(inner) && this.#writing.profile.int64 === "number") {
        data["value"] = exact(data["value"] ?? null, at.member(path, "value"));
      }
    }
    const [value] = schema.fields;
    if (schema.typeName.endsWith("Value") && schema.fields.length === 1 && value?.scalar !== undefined) {
      checkScalar(value.scalar, data, path);
    }
  }

  #members(schema: DescMessage, data: JsonMembers, path: string): void {
    const required = this.#writing.required[schema.typeName];
    for (const field of schema.fields) {
      const name = this.#writing.profile.names === "proto" ? field.name : field.jsonName;
      const value = data[name];
      if (value !== undefined) this.#field(field, data, name, value, at.member(path, name));
      else if (required?.includes(field.name)) data[name] = this.#default(schema, field, name, path);
    }
  }

  /** A profile that omits defaults still writes REQUIRED ones; what has presence has to be set. */
  #default(schema: DescMessage, field: DescField, name: string, path: string): Json {
    const profile = { ...this.#writing.profile, defaults: "emit" } as const;
    const whole = convert(schema, create(schema), { ...this.#writing, profile });
    const value = isMembers(whole) ? whole[name] : undefined;
    if (value === undefined) throw new Misfit(at.member(path, field.jsonName), "the required member is missing");
    return isInt64(field.scalar) && profile.int64 === "number" && typeof value === "string" ? Number(value) : value;
  }

  #field(field: DescField, data: JsonMembers, name: string, value: Json, place: string): void {
    if (field.fieldKind === "list" && Array.isArray(value)) {
      value.forEach((one, index) => (value[index] = this.#value(field, one, at.item(place, index))));
    } else if (field.fieldKind === "map" && isMembers(value)) {
      for (const [key, one] of Object.entries(value)) {
        checkScalar(field.mapKey, key, at.entry(place, key));
        value[key] = this.#value(field, one, at.entry(place, key));
      }
    } else {
      data[name] = this.#value(field, value, place);
    }
  }

  #value(field: DescField, value: Json, place: string): Json {
    if (field.message !== undefined) {
      this.message(field.message, value, place);
      if (isInt64Wrapper(field.message) && this.#writing.profile.int64 === "number") return exact(value, place);
    } else if (field.enum !== undefined) {
      if (typeof value === "number" && !isEnumNumber(field, value)) throw new Misfit(place, expected(field));
      if (typeof value === "string") return firstName(field.enum, value);
    } else if (field.scalar !== undefined) {
      checkScalar(field.scalar, value, place);
      if (isInt64(field.scalar) && this.#writing.profile.int64 === "number") return exact(value, place);
    }
    return value;
  }
}

function isInt64Wrapper(schema: DescMessage): boolean {
  return schema.typeName === "google.protobuf.Int64Value" || schema.typeName === "google.protobuf.UInt64Value";
}

/** Of several names for a number the first, as everybody else writes; protobuf-es writes the last. */
function firstName(schema: DescEnum, name: string): string {
  const number = schema.values.find((value) => value.name === name)?.number;
  return schema.values.find((value) => value.number === number)?.name ?? name;
}

function isEnumNumber(field: DescField, value: number): boolean {
  if (field.enum?.open === false) return field.enum.values.some((known) => known.number === value);
  return Number.isInteger(value) && Math.abs(value) <= 2 ** 31 && value !== 2 ** 31;
}

function checkScalar(scalar: ScalarType, value: Json, place: string): void {
  const range = RANGES[scalar];
  const problem = `not a ${ScalarType[scalar].toLowerCase()}`;
  if (range !== undefined) {
    if (typeof value === "number" ? !Number.isInteger(value) : !/^-?\d+$/.test(String(value))) throw new Misfit(place, problem);
    const whole = BigInt(value as string | number);
    if (whole < range[0] || whole > range[1]) throw new Misfit(place, `${problem}: out of range`);
  } else if (scalar === ScalarType.FLOAT && typeof value === "number" && Math.abs(value) >= MOST_FLOAT) {
    throw new Misfit(place, `${problem}: out of range`);
  } else if (scalar === ScalarType.STRING && /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(String(value))) {
    throw new Misfit(place, "text with half of a surrogate pair");
  }
}

function exact(value: Json, place: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new Misfit(place, "beyond 2^53, which JavaScript cannot write as a number; use `int64: INT64_STRING`");
  }
  return number;
}

const IMPLICIT = 2; // google.protobuf.FeatureSet.FieldPresence

/** The innermost part of a message that cannot be written on its own. */
function locate(schema: DescMessage, message: Message, path: string, writing: Writing): Misfit {
  const bare = { ...writing, profile: { ...writing.profile, defaults: "omit" as const } };
  const values = message as unknown as { [member: string]: unknown };
  const required = writing.required[schema.typeName] ?? [];
  const unset = schema.fields.find((field) => required.includes(field.name) && field.presence !== IMPLICIT && !isFieldSet(message, field));
  if (unset !== undefined) return new Misfit(at.member(path, unset.jsonName), "the required member is missing");
  for (const field of schema.fields) {
    const place = at.member(path, field.jsonName);
    if (!isFieldSet(message, field) || writes(schema, field, values, bare)) continue;
    const value = field.oneof === undefined ? values[field.localName] : (values[field.oneof.localName] as { value: unknown }).value;
    if (field.fieldKind === "message") return locate(field.message, value as Message, place, writing);
    if (field.fieldKind === "list" && Array.isArray(value)) {
      const index = value.findIndex((one) => !writes(schema, field, { [field.localName]: [one] }, bare));
      return index < 0 ? new Misfit(place, expected(field)) : within(field, value[index], at.item(place, index), writing);
    }
    if (field.fieldKind === "map" && typeof value === "object" && value !== null) {
      const entry = Object.entries(value).find(([key, one]) => !writes(schema, field, { [field.localName]: { [key]: one } }, bare));
      return entry === undefined ? new Misfit(place, expected(field)) : within(field, entry[1], at.entry(place, entry[0]), writing);
    }
    return new Misfit(place, expected(field));
  }
  return new Misfit(path, `not a ${schema.typeName}`);
}

function within(field: DescField, value: unknown, place: string, writing: Writing): Misfit {
  return field.message === undefined ? new Misfit(place, expected(field)) : locate(field.message, value as Message, place, writing);
}

/** Whether a message with one field alone can be written. */
function writes(schema: DescMessage, field: DescField, values: { [member: string]: unknown }, writing: Writing): boolean {
  const name = field.oneof === undefined ? field.localName : field.oneof.localName;
  const alone = create(schema) as unknown as { [member: string]: unknown };
  alone[name] = values[name];
  try {
    convert(schema, alone as unknown as Message, writing);
    return true;
  } catch {
    return false;
  }
}
