// typescript-types: one message with every kind of value, echoed and relayed.

import { InvocationError } from "iii-sdk/errors";
import type { Everything, RelayRequest } from "./gen/examples/types/v1/types_pb.js";
import { PythonTypesClient, RustTypesClient, TypescriptTypesClient, type TypescriptTypesImplementation } from "./gen/examples/types/v1/types_iii.js";
import { StatusError, type Json, type Worker } from "./gen/iii_bridge/runtime/index.js";

/** Echoes, and relays through the typed client of whichever language is asked for. */
export class Types implements TypescriptTypesImplementation {
  readonly #echoes;

  constructor(worker: Worker) {
    this.#echoes = new Map([
      ["python-types::echo", new PythonTypesClient(worker).echo],
      ["typescript-types::echo", new TypescriptTypesClient(worker).echo],
      ["rust-types::echo", new RustTypesClient(worker).echo],
    ]);
  }

  echo(request: Everything): Everything {
    return request;
  }

  relay({ functionId, value }: RelayRequest): Promise<Everything> {
    const echo = this.#echoes.get(functionId);
    if (echo === undefined || value === undefined) {
      throw new StatusError("INVALID_ARGUMENT", `relay knows only ${[...this.#echoes.keys()].join(", ")}`);
    }
    return echo(value);
  }
}

type ForwardRequest = { functionId: string; payload: Json };
type ForwardResponse = { result: Json } | { error: { code: string; message: string; stacktrace: string } };

/** Calls without any check and says what the caller's SDK was told. */
export async function forward(worker: Worker, { functionId, payload }: ForwardRequest): Promise<ForwardResponse> {
  try {
    return { result: await worker.trigger<Json, Json>({ function_id: functionId, payload }) };
  } catch (error) {
    if (!(error instanceof InvocationError)) throw error;
    const { code, message, stacktrace = "" } = error;
    return { error: { code, message, stacktrace } };
  }
}
