// typescript-types: one message with every kind of value, echoed and relayed.

import type { JsonValue } from "@bufbuild/protobuf";
import { InvocationError } from "iii-sdk/errors";
import { call, serve, type Worker } from "./contract.js";
import { TypescriptTypesService } from "./gen/examples/types/v1/types_pb.js";
import { StatusError } from "./status.js";

/** Registers `typescript-types::echo`, `::relay` and, for wrong payloads, the untyped `::forward`. */
export function serveTypes(worker: Worker): string[] {
  const { echo, relay } = TypescriptTypesService.method;
  serve(worker, "typescript-types::echo", echo, (request) => request);
  serve(worker, "typescript-types::relay", relay, async ({ functionId, value }) => {
    if (value === undefined) {
      throw new StatusError("INVALID_ARGUMENT", "the relayed message must not be null at $.value");
    }
    return call(worker, functionId, echo, value);
  });
  worker.registerFunction("typescript-types::forward", (data: ForwardRequest) => forward(worker, data));
  return ["typescript-types::echo", "typescript-types::relay", "typescript-types::forward"];
}

type ForwardRequest = { functionId: string; payload: JsonValue };
type ForwardResponse = { result: JsonValue } | { error: { code: string; message: string; stacktrace: string } };

// Calls without any check and says what the caller's SDK was told.
async function forward(worker: Worker, { functionId, payload }: ForwardRequest): Promise<ForwardResponse> {
  try {
    return { result: await worker.trigger<JsonValue, JsonValue>({ function_id: functionId, payload }) };
  } catch (error) {
    if (!(error instanceof InvocationError)) throw error;
    const { code, message, stacktrace = "" } = error;
    return { error: { code, message, stacktrace } };
  }
}
