// Handlers for the SDK: one for each function a service registers.

import type { Checks } from "./checks.js";
import { Invocation, restored, type Binding, type Context } from "./context.js";
import type { EventAdapter, Json } from "./contract.js";
import { httpResponse } from "./http_response.js";
import { ContractError, StatusError, toWire } from "./status.js";

/** A method and what answers it. */
export interface ServedMethod {
  readonly checks: Checks;
  readonly body: (request: unknown, context: Context) => Promise<unknown>;
}

/** What the SDK is given. */
export type SdkHandler = (data: unknown, metadata?: unknown) => Promise<unknown>;

/** The handler of a method's own function. */
export function unaryHandler(served: ServedMethod): SdkHandler {
  const { method } = served.checks;
  return async (data, metadata) => {
    const invocation = new Invocation(served.checks.functionId, restored(data), metadata);
    return answered(served, invocation, method.onViolation === "ack_and_log" && invocation.fromQueue);
  };
}

/** The handler of a binding that hands over requests as they are. */
export function eventHandler(adapter: EventAdapter, served: ServedMethod): SdkHandler {
  const binding: Binding = { triggerType: adapter.trigger.type, metadata: adapter.trigger.metadata };
  return async (data, metadata) => {
    const invocation = new Invocation(served.checks.functionId, restored(data), metadata, binding);
    const response = await answered(served, invocation, adapter.acknowledges);
    return adapter.answersHttp && response !== null ? httpResponse(response as { [name: string]: Json }) : response;
  };
}

async function answered({ checks, body }: ServedMethod, invocation: Invocation, acknowledges: boolean): Promise<Json> {
  let request: unknown;
  try {
    request = checks.decodeRequest(invocation.data);
  } catch (error) {
    if (!acknowledges || !(error instanceof ContractError)) throw error;
    console.error(`acknowledged a delivery that violates its contract: ${error.message}`);
    return null;
  }
  return checks.encodeResponse(await invocation.run(() => body(request, invocation), late(checks.functionId)));
}

/** A handler whose errors are told in the way that crosses the bus. */
export function telling(functionId: string, handler: SdkHandler): SdkHandler {
  return async (data, metadata) => {
    try {
      return await handler(data, metadata);
    } catch (error) {
      throw toWire(error, functionId);
    }
  };
}

/** What a handler is stopped with once its caller waits no longer. */
export function late(functionId: string): StatusError {
  return new StatusError("DEADLINE_EXCEEDED", `${functionId} was stopped at its deadline`);
}
