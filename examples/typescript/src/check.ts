// Reads JSON as a message, and says where it does not fit. Beyond what protobuf-es checks when it skips unknown
// members: REQUIRED ones must be there, and the names of enums known.

import {
  fromJson,
  getOption,
  hasOption,
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonValue,
  type MessageShape,
} from "@bufbuild/protobuf";
import { FieldBehavior, field_behavior } from "./gen/google/api/field_behavior_pb.js";

type JsonMembers = Record<string, unknown>;

/** What is wrong with a document, and where; never the document itself. */
export class Misfit extends Error {
  constructor(
    readonly problem: string,
    readonly path: string,
  ) {
    super(`${problem} at ${path}`);
  }
}

/** Decodes a message; the engine's `_caller_worker_id` and unknown members are skipped. Throws Misfit. */
export function decode<M extends DescMessage>(schema: M, data: unknown): MessageShape<M> {
  check(schema, data, "$");
  try {
    return read(schema, data);
  } catch {
    // Its text quotes the payload, so only the place is told.
    throw new Misfit("the value does not fit", locate(schema, data, "$"));
  }
}

function read<M extends DescMessage>(schema: M, data: unknown): MessageShape<M> {
  return fromJson(schema, data as JsonValue, { ignoreUnknownFields: true });
}

/** The innermost member that cannot be read on its own. */
function locate(schema: DescMessage, data: unknown, path: string): string {
  for (const field of schema.fields) {
    const value = isMembers(data) ? data[field.jsonName] : undefined;
    if (value === undefined || reads(schema, { [field.jsonName]: value })) continue;
    const place = `${path}.${field.jsonName}`;
    return field.fieldKind === "message" ? locate(field.message, value, place) : place;
  }
  return path;
}

function reads(schema: DescMessage, data: unknown): boolean {
  try {
    read(schema, data);
    return true;
  } catch {
    return false;
  }
}

function check(schema: DescMessage, data: unknown, path: string): void {
  if (!isMembers(data)) {
    if (path === "$") refuse(`${schema.typeName} is not an object`, path);
    return; // a well-known type, written as a string; the reader checks it
  }
  for (const field of schema.fields) {
    const place = `${path}.${field.jsonName}`;
    const value = data[field.jsonName] ?? data[field.name];
    if (value === undefined || value === null) {
      if (isRequired(field) && !(field.jsonName in data) && !(field.name in data)) refuse("required member is missing", place);
    } else {
      checkField(field, value, place);
    }
  }
}

function isMembers(data: unknown): data is JsonMembers {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

function isRequired(field: DescField): boolean {
  return hasOption(field, field_behavior) && getOption(field, field_behavior).includes(FieldBehavior.REQUIRED);
}

function checkField(field: DescField, value: unknown, place: string): void {
  const checkOne = (one: unknown, where: string): void => {
    if (field.enum !== undefined) checkName(field.enum, one, where);
    if (field.message !== undefined) check(field.message, one, where);
  };
  if (field.fieldKind === "list" && Array.isArray(value)) {
    value.forEach((one, index) => checkOne(one, `${place}[${index}]`));
  } else if (field.fieldKind === "map" && isMembers(value)) {
    for (const [key, one] of Object.entries(value)) checkOne(one, `${place}[${JSON.stringify(key)}]`);
  } else {
    checkOne(value, place);
  }
}

function checkName(known: DescEnum, value: unknown, place: string): void {
  if (typeof value === "string" && !known.values.some((candidate) => candidate.name === value)) {
    refuse(`no such name in ${known.typeName}`, place);
  }
}

function refuse(problem: string, place: string): never {
  throw new Misfit(problem, place);
}
