// google.api.http: the parts of an HTTP request to a method's request as JSON, and its response to a body. The
// method's own checks read what comes out. Where path, query and body speak of one field they have to agree.

import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";
import type { Checks } from "./checks.js";
import type { HttpTarget, Json, JsonMembers } from "./contract.js";
import { isMembers, type ContractError } from "./status.js";

/** Values of one field, as they stood in the URL and as JSON. */
interface Leaf {
  readonly repeated: boolean;
  readonly texts: string[];
  readonly values: Json[];
}

/** Fields of one message that the URL speaks of, by JSON name; unknown ones by the name given. */
interface Branch {
  readonly schema: DescMessage;
  readonly members: Map<string, Leaf | Branch>;
}

/** Messages whose JSON is no object, so that they fit into a URL. */
const TEXTS: ReadonlySet<string> = new Set([
  ...["Timestamp", "Duration", "FieldMask", "BoolValue", "BytesValue", "DoubleValue", "FloatValue", "Int32Value"],
  ...["Int64Value", "StringValue", "UInt32Value", "UInt64Value"],
].map((name) => `google.protobuf.${name}`));
/** One rule of one method. Throws ContractError for what does not fit. */
export class Transcoder {
  readonly #checks: Checks;
  readonly #rule: HttpTarget;
  readonly #schema: DescMessage;
  readonly #bodyField: DescField | undefined;

  constructor(checks: Checks, rule: HttpTarget) {
    this.#checks = checks;
    this.#rule = rule;
    this.#schema = checks.schemas.input;
    this.#bodyField = rule.body === "*" ? undefined : fieldOf(this.#schema, rule.body);
  }

  /** The request as JSON. `path` and `query` hold decoded text; `body` is undefined when there is none. */
  request(path: ReadonlyMap<string, string>, query: { readonly [name: string]: string }, body: Json | undefined): Json {
    const tree: Branch = { schema: this.#schema, members: new Map() };
    for (const [name, value] of path) this.#add(tree, name, value);
    const bound = new Set([...path.keys()].map((name) => this.#canonical(name)));
    if (this.#rule.body !== "*") {
      for (const [name, value] of Object.entries(query)) this.#addQuery(tree, name, value, bound);
    }
    const document = this.#document(body);
    return tree.members.size === 0 ? document : this.#merge(document, tree, "$");
  }

  /** The answer's body: the response, or the one field of it that the rule names. */
  response(data: JsonMembers): Json {
    const found = fieldOf(this.#checks.schemas.output, this.#rule.responseBody);
    if (found === undefined) return data;
    const name = this.#checks.method.json.names === "proto" ? found.name : found.jsonName;
    return data[name] ?? this.#checks.defaultOf(name);
  }

  #document(body: Json | undefined): Json {
    if (this.#rule.body === "*") return body ?? {};
    return this.#bodyField === undefined || body === undefined ? {} : { [this.#bodyField.jsonName]: body };
  }

  /** A field path in the contract's names, whatever spelling was used. */
  #canonical(path: string): string {
    let schema: DescMessage | undefined = this.#schema;
    const names: string[] = [];
    for (const name of path.split(".")) {
      const found: DescField | undefined = schema && fieldOf(schema, name);
      names.push(found?.name ?? name);
      schema = held(found);
    }
    return names.join(".");
  }

  #addQuery(tree: Branch, name: string, value: string, bound: ReadonlySet<string>): void {
    const canonical = this.#canonical(name);
    if (bound.has(canonical)) {
      const texts = leafTexts(tree, canonical);
      if (texts.length !== 1 || texts[0] !== value) throw this.#violation(`$.${name}`, "the query and the path disagree");
      return;
    }
    if (this.#bodyField !== undefined && canonical.split(".")[0] === this.#bodyField.name) {
      throw this.#violation(`$.${name}`, "the body holds this field; take it out of the query");
    }
    this.#add(tree, name, value);
  }

  /** A name the contract does not know stays whole: the method's policy decides. */
  #add(tree: Branch, path: string, value: string): void {
    const here = `$.${path}`;
    const names = path.split(".");
    const above = fieldOf(tree.schema, names[0] ?? "") === undefined ? [] : names.slice(0, -1);
    const last = above.length === 0 && names.length > 1 ? path : (names.at(-1) ?? path);
    const branch = above.reduce((below, name) => this.#step(below, name, here), tree);
    const found = fieldOf(branch.schema, last);
    if (found === undefined) {
      branch.members.set(last, { repeated: false, texts: [value], values: [value] });
      return;
    }
    if (found.fieldKind === "map" || (found.message !== undefined && !TEXTS.has(found.message.typeName))) {
      throw this.#violation(here, "only scalar fields fit into a URL; send a body");
    }
    const leaf = branch.members.get(found.jsonName) ?? { repeated: found.fieldKind === "list", texts: [], values: [] };
    if ("schema" in leaf || (leaf.texts.length > 0 && !leaf.repeated)) throw this.#violation(here, "the field is given twice");
    leaf.texts.push(value);
    leaf.values.push(this.#scalar(found, value, here));
    branch.members.set(found.jsonName, leaf);
  }

  #step(branch: Branch, name: string, here: string): Branch {
    const found = fieldOf(branch.schema, name);
    const schema = held(found);
    if (found === undefined || schema === undefined) throw this.#violation(here, "only scalar fields fit into a URL; send a body");
    const below = branch.members.get(found.jsonName) ?? { schema, members: new Map<string, Leaf | Branch>() };
    if (!("schema" in below)) throw this.#violation(here, "the field is given twice");
    branch.members.set(found.jsonName, below);
    return below;
  }

  /** Text from a URL as JSON. Numbers may stay strings: ProtoJSON takes them so. */
  #scalar(found: DescField, value: string, here: string): Json {
    if (found.scalar === ScalarType.BOOL || found.message?.typeName === "google.protobuf.BoolValue") {
      if (value !== "true" && value !== "false") throw this.#violation(here, "neither true nor false");
      return value === "true";
    }
    return found.enum !== undefined && /^-?[0-9]{1,20}$/.test(value) ? Number(value) : value;
  }

  #merge(data: Json, tree: Branch, path: string): JsonMembers {
    if (!isMembers(data)) throw this.#violation(path, path === "$" ? "the body is not a JSON object" : "expected an object");
    const merged = { ...data };
    for (const [name, node] of tree.members) {
      const field = fieldOf(tree.schema, name);
      const spelled = [field?.jsonName ?? name, field?.name ?? name].find((spelling) => spelling in data);
      const here = `${path}.${spelled ?? name}`;
      const present = spelled === undefined ? undefined : data[spelled];
      if ("schema" in node) {
        merged[spelled ?? name] = this.#merge(present ?? {}, node, here);
      } else if (present === undefined) {
        merged[name] = node.repeated ? node.values : (node.values.at(-1) ?? null);
      } else if (!agrees(node, present)) {
        throw this.#violation(here, "the body and the path disagree");
      }
    }
    return merged;
  }

  #violation(path: string, problem: string): ContractError {
    return this.#checks.violation("request", path, problem);
  }
}

function leafTexts(tree: Branch, canonical: string): readonly string[] {
  let node: Leaf | Branch | undefined = tree;
  for (const name of canonical.split(".")) {
    if (node === undefined || !("schema" in node)) return [];
    node = node.members.get(fieldOf(node.schema, name)?.jsonName ?? name);
  }
  return node === undefined || "schema" in node ? [] : node.texts;
}

function agrees(leaf: Leaf, present: Json): boolean {
  if (leaf.repeated) return JSON.stringify(present) === JSON.stringify(leaf.values);
  return present === leaf.values[0] || present === leaf.texts[0] || JSON.stringify(present) === leaf.texts[0];
}

/** By either spelling; a JSON name never hides a field's own name. */
function fieldOf(schema: DescMessage, name: string): DescField | undefined {
  return schema.fields.find((field) => field.name === name) ?? schema.fields.find((field) => field.jsonName === name);
}

/** The message of a plain message field. */
function held(field: DescField | undefined): DescMessage | undefined {
  return field?.fieldKind === "message" && !field.message.typeName.startsWith("google.protobuf.") ? field.message : undefined;
}
