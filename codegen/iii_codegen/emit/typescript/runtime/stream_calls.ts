// Streaming calls: the channels are made first, then the function is invoked with the references to the callee's ends.

import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { IIIClient } from "iii-sdk";
import { createChannel } from "iii-sdk/helpers";
import type { Checks } from "./checks.js";
import { send, type CallOptions, type Worker } from "./client.js";
import { budget, SIDECAR, withSidecar } from "./context.js";
import type { Json, JsonMembers } from "./contract.js";
import { Incoming } from "./incoming.js";
import { Outgoing, ReaderLeft } from "./outgoing.js";
import { isMembers, StatusError } from "./status.js";

export interface StreamOptions extends CallOptions {
  /** How long the stream may last; default the contract's, else for ever. */
  readonly timeoutMs?: number;
  /** Ends the call at both sides. */
  readonly signal?: AbortSignal;
}

/** Messages to send: anything that `for await` takes. */
export type Requests<I extends DescMessage> = AsyncIterable<MessageInitShape<I>> | Iterable<MessageInitShape<I>>;

/** A method that answers with a stream. A loop that is left early ends the call. */
export type ServerStreamCall<I extends DescMessage, O extends DescMessage> = (
  request: MessageInitShape<I>,
  options?: StreamOptions,
) => AsyncGenerator<MessageShape<O>, void, undefined>;

/** A method that takes a stream. */
export type ClientStreamCall<I extends DescMessage, O extends DescMessage> = (
  requests: Requests<I>,
  options?: StreamOptions,
) => Promise<MessageShape<O>>;

/** A method both of whose sides are streams. */
export type BidiStreamCall<I extends DescMessage, O extends DescMessage> = (
  requests: Requests<I>,
  options?: StreamOptions,
) => AsyncGenerator<MessageShape<O>, void, undefined>;

/** A call of a method that answers with a stream; it begins with the first iteration. */
export function responseStream<I extends DescMessage, O extends DescMessage>(worker: Worker, checks: Checks<I, O>): ServerStreamCall<I, O> & BidiStreamCall<I, O> {
  return async function* (requests: MessageInitShape<I> | Requests<I>, options: StreamOptions = {}) {
    const call = new StreamCall<I, O>(worker, checks, options);
    try {
      const incoming = (await call.start(requests)) as Incoming;
      for (let index = 0; ; index += 1) {
        const item = await incoming.take();
        if (item === undefined) return;
        yield checks.decodeResponse(item.data, index);
      }
    } finally {
      call.leave();
    }
  };
}

/** A call of a method that takes a stream and answers with one message. */
export function requestStream<I extends DescMessage, O extends DescMessage>(worker: Worker, checks: Checks<I, O>): ClientStreamCall<I, O> {
  return async (requests, options = {}) => {
    const call = new StreamCall<I, O>(worker, checks, options);
    try {
      await call.start(requests);
      return checks.decodeResponse(await call.result);
    } finally {
      call.leave();
    }
  };
}

const FOR_EVER_MS = 2 ** 31 - 1; // the SDK has a timer for every call
const DRAIN_MS = 1_000;
const LATE_MS = 30_000;
/** Failures before any handler ran. */
const NOT_RUN = new Set(["function_not_found", "function_not_invokable", "FORBIDDEN", "TIMEOUT"]);

class StreamCall<I extends DescMessage, O extends DescMessage> {
  readonly #worker: Worker;
  readonly #checks: Checks<I, O>;
  readonly #options: StreamOptions;
  readonly #abort: () => void;
  #incoming: Incoming | undefined;
  #outgoing: Outgoing | undefined;
  #iterator: AsyncIterator<MessageInitShape<I>> | Iterator<MessageInitShape<I>> | undefined;
  #answered = false;
  #over = false;
  #patience: NodeJS.Timeout | undefined;
  #settle: (end: { readonly value: unknown } | { readonly error: unknown }) => void = () => undefined;
  /** The one response, as JSON. */
  readonly result: Promise<unknown>;

  constructor(worker: Worker, checks: Checks<I, O>, options: StreamOptions) {
    this.#worker = worker;
    this.#checks = checks;
    this.#options = options;
    this.#abort = () => this.#fail(options.signal?.reason ?? new StatusError("CANCELLED", `${checks.functionId} was cancelled`));
    this.result = new Promise((resolve, reject) => {
      this.#settle = (end) => ("error" in end ? reject(end.error as Error) : resolve(end.value));
    });
    this.result.catch(() => undefined); // whoever iterates is told by the responses
  }

  /** Opens the channels and invokes; the responses, where they are a stream. */
  async start(requests: MessageInitShape<I> | Requests<I>): Promise<Incoming | undefined> {
    const { method, functionId } = this.#checks;
    const { signal, metadata } = this.#options;
    const timeoutMs = budget(this.#options.timeoutMs ?? method.timeoutMs);
    const sends = method.kind !== "server_stream";
    const request = sends ? {} : this.#checks.encodeRequest(requests as MessageInitShape<I>);
    signal?.throwIfAborted();
    signal?.addEventListener("abort", this.#abort, { once: true });
    const refs: JsonMembers = {};
    if (sends) {
      const { writer, readerRef } = await createChannel(this.#worker as IIIClient);
      this.#outgoing = new Outgoing(writer, () => this.#channelLost());
      refs["requests"] = { ...readerRef } as Json;
    }
    if (method.kind !== "client_stream") {
      const { reader, writerRef } = await createChannel(this.#worker as IIIClient);
      this.#incoming = new Incoming(reader, functionId, "response", false);
      this.#incoming.onClose = () => this.#channelLost();
      refs["responses"] = { ...writerRef } as Json;
    }
    const payload = { [SIDECAR]: refs, ...request };
    const call = { function_id: functionId, payload, timeoutMs: timeoutMs ?? FOR_EVER_MS, metadata: withSidecar(metadata, timeoutMs) };
    void send(this.#worker, call).then(
      (result) => this.#onResult(result),
      (error: unknown) => this.#onFailure(error),
    );
    if (this.#outgoing !== undefined) void this.#pump(requests as Requests<I>, this.#outgoing);
    return this.#incoming;
  }

  /** Ends the call: at both sides, unless it has ended. */
  leave(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#patience);
    this.#options.signal?.removeEventListener("abort", this.#abort);
    if (!this.#answered) this.#outgoing?.cancel();
    this.#outgoing?.close();
    this.#incoming?.leave();
    this.#stopPump();
  }

  async #pump(requests: Requests<I>, outgoing: Outgoing): Promise<void> {
    try {
      this.#iterator = Symbol.asyncIterator in requests ? requests[Symbol.asyncIterator]() : requests[Symbol.iterator]();
      for (;;) {
        const next = await this.#iterator.next();
        if (next.done === true || this.#answered || this.#over) break;
        await outgoing.put(JSON.stringify(this.#checks.encodeRequest(next.value, outgoing.count)));
      }
      outgoing.end();
    } catch (error) {
      if (!(error instanceof ReaderLeft)) this.#fail(error); // else its answer says why
    } finally {
      this.#stopPump();
    }
  }

  #stopPump(): void {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    void Promise.resolve(iterator?.return?.()).catch(() => undefined);
  }

  #onResult(result: unknown): void {
    if (this.#over) return;
    this.#answered = true;
    const incoming = this.#incoming;
    if (incoming === undefined) return this.#settle({ value: result });
    const count = isMembers(result) ? result["items"] : undefined;
    if (typeof count === "number" && Number.isInteger(count) && count >= 0) {
      incoming.expect(count);
      this.#wait(LATE_MS, () => incoming.close());
    } else {
      incoming.abort(this.#checks.violation("response", "$.items", "the result of a streaming method must count its items"));
    }
  }

  #onFailure(error: unknown): void {
    if (this.#over) return;
    const { code } = (error ?? {}) as { code?: unknown };
    this.#answered = code !== "TIMEOUT"; // no answer at all: the callee may still serve us
    this.#settle({ error });
    const incoming = this.#incoming;
    if (incoming === undefined) return;
    if (typeof code === "string" && NOT_RUN.has(code)) return incoming.abort(error);
    incoming.failed(error);
    this.#wait(DRAIN_MS, () => incoming.close());
  }

  /** Our own side gives up. */
  #fail(error: unknown): void {
    this.#settle({ error });
    this.#incoming?.abort(error);
  }

  /** A channel is over; where the engine is lost the SDK would wait for the result for ever. */
  #channelLost(): void {
    if (this.#answered || this.#over) return;
    const lost = new StatusError("UNAVAILABLE", `${this.#checks.functionId} stream has ended, and no result came: the outcome is unknown`);
    this.#wait(LATE_MS, () => (this.#answered ? undefined : this.#fail(lost)));
  }

  /** Lets the channel be silent for so long. A channel that is full is not silent: we are the ones who do not read. */
  #wait(milliseconds: number, then: () => void): void {
    clearTimeout(this.#patience);
    const incoming = this.#incoming;
    const received = incoming?.received;
    if (incoming?.finished === true || this.#over) return;
    this.#patience = setTimeout(() => {
      if (incoming !== undefined && !incoming.closed && (incoming.full || incoming.received !== received)) this.#wait(milliseconds, then);
      else then();
    }, milliseconds);
  }
}
