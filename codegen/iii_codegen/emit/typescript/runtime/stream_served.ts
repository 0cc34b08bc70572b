// Serving streaming methods: requests in and responses out through channels, whose ends the SDK makes of the references.

import type { ChannelReader, ChannelWriter } from "iii-sdk/channel";
import type { Checks } from "./checks.js";
import { Invocation, restored, SIDECAR } from "./context.js";
import type { Json } from "./contract.js";
import { Incoming } from "./incoming.js";
import { Outgoing, ReaderLeft } from "./outgoing.js";
import { late, type SdkHandler, type ServedMethod } from "./served.js";
import { ContractError, isMembers, StatusError } from "./status.js";

/** The handler of a method with a stream. */
export function streamHandler(served: ServedMethod): SdkHandler {
  return (data, metadata) => {
    const { [SIDECAR]: ends, ...rest } = isMembers(data) ? data : {};
    const invocation = new Invocation(served.checks.functionId, restored(rest), metadata);
    return new Serving(served, invocation, (ends ?? {}) as Ends).run();
  };
}

interface Ends {
  readonly requests?: ChannelReader;
  readonly responses?: ChannelWriter;
}

class Serving {
  readonly #served: ServedMethod;
  readonly #checks: Checks;
  readonly #invocation: Invocation;
  readonly #incoming: Incoming | undefined;
  readonly #outgoing: Outgoing | undefined;
  #violation: ContractError | undefined;

  constructor(served: ServedMethod, invocation: Invocation, { requests, responses }: Ends) {
    const { checks } = served;
    this.#served = served;
    this.#checks = checks;
    this.#invocation = invocation;
    const cancel = (): void => invocation.cancel(new StatusError("CANCELLED", `${checks.functionId} was cancelled: its caller has closed the stream`));
    const { kind } = checks.method;
    if (kind !== "server_stream" && typeof requests?.onMessage !== "function") throw this.#missing("requests", "read");
    if (kind !== "client_stream" && typeof responses?.sendMessage !== "function") throw this.#missing("responses", "write");
    if (kind !== "server_stream") {
      this.#incoming = new Incoming(requests as ChannelReader, checks.functionId, "request", true);
      this.#incoming.onCancel = cancel;
    }
    if (kind !== "client_stream") this.#outgoing = new Outgoing(responses as ChannelWriter, cancel);
  }

  #missing(name: string, direction: string): ContractError {
    return this.#checks.violation("request", `$["${SIDECAR}"].${name}`, `a streaming method needs the reference to a channel to ${direction}`);
  }

  /** Serves it to its end, or until the caller goes away: the response, or how many there were. */
  async run(): Promise<Json> {
    try {
      const request = this.#incoming === undefined ? this.#checks.decodeRequest(this.#invocation.data) : this.#requests(this.#incoming);
      return await this.#invocation.run(() => this.#produce(request), late(this.#checks.functionId));
    } finally {
      this.#incoming?.leave();
      this.#outgoing?.end(); // also after a failure: what came before it is complete
      this.#outgoing?.close();
    }
  }

  async *#requests(incoming: Incoming): AsyncGenerator<unknown, void, undefined> {
    try {
      for (let index = 0; ; index += 1) {
        const item = await incoming.take();
        if (item === undefined) return;
        yield this.#checks.decodeRequest(item.data, index);
      }
    } catch (error) {
      if (error instanceof ContractError) this.#violation = error;
      throw error;
    }
  }

  async #produce(request: unknown): Promise<Json> {
    const produced = await this.#served.body(request, this.#invocation);
    const result = this.#outgoing === undefined ? this.#checks.encodeResponse(produced) : await this.#send(produced, this.#outgoing);
    if (this.#violation !== undefined) throw this.#violation; // whatever the method made of it
    return result;
  }

  async #send(produced: unknown, outgoing: Outgoing): Promise<Json> {
    if (typeof produced !== "object" || produced === null || !(Symbol.asyncIterator in produced || Symbol.iterator in produced)) {
      throw new TypeError(`the handler of ${this.#checks.method.fullName} does not return a stream; write a method with async *`);
    }
    try {
      for await (const message of produced as AsyncIterable<unknown>) {
        await outgoing.put(JSON.stringify(this.#checks.encodeResponse(message, outgoing.count)));
      }
    } catch (error) {
      throw error instanceof ReaderLeft ? this.#invocation.signal.reason : error;
    }
    outgoing.end();
    await outgoing.flushed();
    return { items: outgoing.count };
  }
}
