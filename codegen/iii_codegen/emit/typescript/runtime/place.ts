// Places in JSON, and what is thrown for one that does not fit.

import type { DescField } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";

/** What is wrong with a document, and where; never the document itself. */
export class Misfit extends Error {
  readonly problem: string;
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${problem} at ${path}`);
    this.path = path;
    this.problem = problem;
  }
}

/** `$.lines[2]`, `$.counts["a"]`. */
export const at = {
  member: (path: string, name: string): string => `${path}.${name}`,
  item: (path: string, index: number): string => `${path}[${index}]`,
  entry: (path: string, key: string): string => `${path}[${JSON.stringify(key)}]`,
};

/** What a single value of a field has to be. */
export function expected(field: DescField): string {
  if (field.message !== undefined) return `not a ${field.message.typeName}`;
  if (field.enum !== undefined) return `not a ${field.enum.typeName}`;
  return `not a ${field.scalar === undefined ? "value" : ScalarType[field.scalar].toLowerCase()}`;
}

export function isInt64(scalar: ScalarType | undefined): boolean {
  return scalar !== undefined && INT64.has(scalar);
}

const INT64: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64, ScalarType.SINT64, ScalarType.SFIXED64, ScalarType.UINT64, ScalarType.FIXED64,
]);
