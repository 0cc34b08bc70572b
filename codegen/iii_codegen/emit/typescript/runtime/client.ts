// Typed calls through the official SDK.

import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type { IIIClient } from "iii-sdk";
import type { Checks } from "./checks.js";
import { budget, checkedMetadata, withSidecar } from "./context.js";
import type { JsonMembers } from "./contract.js";
import { fromWire } from "./status.js";

/** What `registerWorker` of iii-sdk returns, as far as the glue needs it. */
export type Worker = Pick<IIIClient, "registerFunction" | "registerTrigger" | "trigger">;

const DEFAULT_TIMEOUT_MS = 30_000;

export interface CallOptions {
  /** How long to wait; default the contract's, else 30 s. Never longer than the invocation being served has left. */
  readonly timeoutMs?: number;
  /** Travels beside the payload. */
  readonly metadata?: JsonMembers;
}

export interface VoidOptions {
  readonly metadata?: JsonMembers;
}

export interface EnqueueOptions {
  /** Default the contract's. */
  readonly queue?: string;
  /** How long the queue has to take it; default as for a call. */
  readonly timeoutMs?: number;
}

/** The queue has taken the message; nothing is said about when it is delivered. */
export interface Receipt {
  readonly messageReceiptId: string;
}

/** A method that takes one message and answers with one. */
export interface UnaryCall<I extends DescMessage, O extends DescMessage> {
  /** Calls as the contract says, by default waiting for the response. Throws ContractError, StatusError, or the SDK's InvocationError. */
  (request: MessageInitShape<I>, options?: CallOptions): Promise<MessageShape<O>>;
  /** Fires and forgets: nothing comes back, not even on failure. */
  void(request: MessageInitShape<I>, options?: VoidOptions): Promise<void>;
  /** Through a queue. */
  enqueue(request: MessageInitShape<I>, options?: EnqueueOptions): Promise<Receipt>;
}

/** A call of one method. */
export function unaryCall<I extends DescMessage, O extends DescMessage>(worker: Worker, checks: Checks<I, O>): UnaryCall<I, O> {
  const { method, functionId } = checks;

  const fire = async (request: MessageInitShape<I>, { metadata }: VoidOptions = {}): Promise<void> => {
    const payload = checks.encodeRequest(request);
    await worker.trigger({ function_id: functionId, payload, action: { type: "void" }, metadata: checkedMetadata(metadata) });
  };

  const enqueue = async (request: MessageInitShape<I>, options: EnqueueOptions = {}): Promise<Receipt> => {
    const queue = options.queue ?? method.queue;
    if (!queue) throw new TypeError(`${functionId} names no queue; give one: enqueue(request, { queue })`);
    const payload = checks.encodeRequest(request);
    const action = { type: "enqueue", queue } as const;
    const timeoutMs = timeLeft(functionId, options.timeoutMs ?? method.timeoutMs);
    const receipt: unknown = await send(worker, { function_id: functionId, payload, action, timeoutMs });
    if (typeof (receipt as Partial<Receipt> | null)?.messageReceiptId !== "string") {
      throw checks.violation("response", "$.messageReceiptId", "the queue's answer is not a receipt");
    }
    return receipt as Receipt;
  };

  const wait = async (request: MessageInitShape<I>, options: CallOptions = {}): Promise<MessageShape<O>> => {
    const payload = checks.encodeRequest(request);
    const timeoutMs = timeLeft(functionId, options.timeoutMs ?? method.timeoutMs);
    const metadata = withSidecar(options.metadata, timeoutMs);
    return checks.decodeResponse(await send(worker, { function_id: functionId, payload, timeoutMs, metadata }));
  };

  const call = async (request: MessageInitShape<I>, options?: CallOptions): Promise<MessageShape<O>> => {
    if (method.delivery === "sync") return wait(request, options);
    await (method.delivery === "void" ? fire(request, options) : enqueue(request, options));
    return create(checks.schemas.output);
  };
  return Object.assign(call, { void: fire, enqueue });
}

/** One invocation through the SDK. Throws what the other side answered. */
export async function send(worker: Worker, request: Parameters<Worker["trigger"]>[0]): Promise<unknown> {
  try {
    return await worker.trigger<unknown, unknown>(request);
  } catch (error) {
    throw fromWire(error);
  }
}

function timeLeft(functionId: string, timeoutMs = DEFAULT_TIMEOUT_MS): number {
  if (!(timeoutMs > 0 && timeoutMs < Infinity)) throw new TypeError(`the timeout of ${functionId} must be positive milliseconds`);
  return budget(timeoutMs) ?? timeoutMs;
}
