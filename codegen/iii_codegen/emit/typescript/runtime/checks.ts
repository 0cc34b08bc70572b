// One method's messages to and from JSON; a violation names the function, the side and the path.

import { create, isMessage, type DescMessage, type Message, type MessageInitShape, type MessageShape, type Registry } from "@bufbuild/protobuf";
import type { Json, JsonMembers, MethodContract, ServiceContract } from "./contract.js";
import { Misfit } from "./place.js";
import { readMessage, type Reading } from "./reading.js";
import { ContractError, type Side } from "./status.js";
import { writeMessage, type Writing } from "./writing.js";

/** The part of a protobuf-es method that the glue needs. */
export interface MethodSchemas<I extends DescMessage = DescMessage, O extends DescMessage = DescMessage> {
  readonly input: I;
  readonly output: O;
}

const MOST_WARNINGS = 100;

/** Encodes and decodes the messages of one method. Every function throws ContractError. */
export class Checks<I extends DescMessage = DescMessage, O extends DescMessage = DescMessage> {
  readonly method: MethodContract;
  readonly functionId: string;
  readonly schemas: MethodSchemas<I, O>;
  readonly registry: Registry;
  readonly #reading: Reading;
  readonly #writing: Writing;
  readonly #warned = new Set<string>();

  constructor(service: ServiceContract, method: MethodContract, schemas: MethodSchemas<I, O>, registry: Registry) {
    this.method = method;
    this.functionId = method.frame.id;
    this.schemas = schemas;
    this.registry = registry;
    const { unknownMembers, unknownEnumNames, json } = method;
    this.#reading = { registry, required: service.required, unknownMembers, unknownEnumNames, warn: (path) => this.#warn(path) };
    this.#writing = { registry, required: service.required, profile: json };
  }

  /** At the caller, before anything is sent. `index` is that of an item of a stream. */
  encodeRequest(request: MessageInitShape<I>, index?: number): JsonMembers {
    const message = isMessage(request) ? request : create(this.schemas.input, request);
    return this.#checked("request", index, () => writeMessage(this.schemas.input, message, this.#writing));
  }

  /** At the worker. */
  decodeRequest(data: unknown, index?: number): MessageShape<I> {
    return this.#checked("request", index, () => readMessage(this.schemas.input, data, this.#reading));
  }

  /** At the worker, after its handler. */
  encodeResponse(response: unknown, index?: number): JsonMembers {
    return this.#checked("response", index, () => writeMessage(this.schemas.output, response as Message, this.#writing));
  }

  /** At the caller. Where nothing is promised, no value will do. */
  decodeResponse(data: unknown, index?: number): MessageShape<O> {
    const isNothing = this.schemas.output.typeName === "google.protobuf.Empty" && (data === null || data === undefined);
    return this.#checked("response", index, () => readMessage(this.schemas.output, isNothing ? {} : data, this.#reading));
  }

  /** One field of a default response, as the profile spells it; for http rules with `response_body`. */
  defaultOf(name: string): Json {
    const emitting = { ...this.#writing, required: {}, profile: { ...this.method.json, defaults: "emit" as const } };
    return writeMessage(this.schemas.output, create(this.schemas.output as DescMessage), emitting)[name] ?? null;
  }

  violation(side: Side, path: string, problem: string): ContractError {
    return new ContractError(this.functionId, side, path, problem);
  }

  #checked<T>(side: Side, index: number | undefined, run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      const path = index === undefined ? error.path : `$[${index}]${error.path.slice(1)}`;
      throw this.violation(side, path, error.problem);
    }
  }

  #warn(path: string): void {
    if (this.#warned.has(path) || this.#warned.size >= MOST_WARNINGS) return;
    this.#warned.add(path);
    console.warn(`${this.functionId}: the contract does not know the member ${path}; it is ignored`);
  }
}
