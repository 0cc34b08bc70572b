// Small hand-written glue between protobuf-es messages and the SDK: decode, check, call, encode.

import {
  toJson,
  type DescMessage,
  type DescMethodUnary,
  type JsonObject,
  type JsonValue,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { registerWorker } from "iii-sdk";
import { InvocationError } from "iii-sdk/errors";
import { readFileSync } from "node:fs";
import { Misfit, decode } from "./check.js";
import { ContractError, passOn } from "./status.js";

export type Worker = ReturnType<typeof registerWorker>;

/** Answers one function; what it returns is encoded with every default present. */
export type Handler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
) => Promise<MessageShape<O>> | MessageShape<O>;

/** Changes an encoded response before it is sent; used by the workers that answer wrongly on purpose. */
export type Distortion = (functionId: string, response: JsonValue) => JsonValue;

export const faithful: Distortion = (_functionId, response) => response;

/** Encodes a message as canonical ProtoJSON with defaults present. */
export function encode<M extends DescMessage>(schema: M, message: MessageShape<M>): JsonValue {
  return toJson(schema, message, { alwaysEmitImplicit: true });
}

const SCHEMAS = new URL("../../schemas/2020-12/", import.meta.url);

/** The generated JSON Schema of one half of a method. */
function schemaOf(method: DescMethodUnary, half: "request" | "response"): Record<string, unknown> {
  const file = new URL(`${method.parent.typeName}.${method.name}.${half}.json`, SCHEMAS);
  return JSON.parse(readFileSync(file, "utf-8")) as Record<string, unknown>;
}

/** Registers `method` under `functionId`, with its schemas. */
export function serve<I extends DescMessage, O extends DescMessage>(
  worker: Worker,
  functionId: string,
  method: DescMethodUnary<I, O>,
  handler: Handler<I, O>,
  distort: Distortion = faithful,
): void {
  const answer = async (data: unknown): Promise<JsonValue> => {
    const request = decodeChecked(method.input, functionId, "request", data);
    return distort(functionId, encode(method.output, await handler(request)));
  };
  worker.registerFunction(functionId, answer, {
    request_format: schemaOf(method, "request"),
    response_format: schemaOf(method, "response"),
  });
}

function decodeChecked<M extends DescMessage>(
  schema: M,
  functionId: string,
  side: "request" | "response",
  data: unknown,
): MessageShape<M> {
  try {
    return decode(schema, data);
  } catch (error) {
    throw error instanceof Misfit ? new ContractError(functionId, side, error.path, error.problem) : error;
  }
}

/** Calls a function with a message and decodes its response; a status of the callee stays that status. */
export async function call<I extends DescMessage, O extends DescMessage>(
  worker: Worker,
  functionId: string,
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
): Promise<MessageShape<O>> {
  const payload = encode(method.input, request) as JsonObject;
  const response: unknown = await worker.trigger({ function_id: functionId, payload }).catch((error: unknown) => {
    throw error instanceof InvocationError ? passOn(error.stacktrace, error) : error;
  });
  return decodeChecked(method.output, functionId, "response", response);
}
