// What protobuf-es leaves out when it reads JSON leniently: REQUIRED members must be there, and enum names known.

import { getOption, hasOption, type DescEnum, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { FieldBehavior, field_behavior } from "./gen/google/api/field_behavior_pb.js";
import { StatusError } from "./status.js";

type JsonMembers = Record<string, unknown>;

/** Refuses, with the place, what the lenient reader would drop in silence. */
export function check(schema: DescMessage, data: unknown, path = "$"): void {
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
  throw new StatusError("INVALID_ARGUMENT", `${problem} at ${place}`);
}
