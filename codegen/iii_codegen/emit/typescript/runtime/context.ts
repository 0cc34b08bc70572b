// What a handler knows of the invocation it serves, and what calls carry beside their payload: one reserved member of
// the metadata, {"iii-bridge": {"remaining_ms": 1500, "attempt": 1}}.

import { AsyncLocalStorage } from "node:async_hooks";
import type { JsonMembers } from "./contract.js";
import { isMembers } from "./status.js";

export const SIDECAR = "iii-bridge";
const CALLER = "_caller_worker_id";

/** Which trigger invoked a function, and the contract's metadata for it. */
export interface Binding {
  readonly triggerType: string;
  readonly metadata: JsonMembers;
}

/** What a handler is told of its invocation. */
export interface Context {
  /** The method's function. */
  readonly functionId: string;
  /** The worker that called, as the engine names it; undefined for triggers and queues. */
  readonly callerWorkerId: string | undefined;
  /** The invocation's metadata, without what iii-bridge keeps in it for itself. */
  readonly metadata: JsonMembers;
  /** The binding that invoked the function; undefined for a direct call. */
  readonly binding: Binding | undefined;
  /** 1 for the first try of a call, one more for each retry. */
  readonly attempt: number;
  /** Aborted at the caller's deadline, and when the caller of a stream goes away. */
  readonly signal: AbortSignal;
  /** Milliseconds until the caller stops waiting; undefined when there is no deadline. */
  remainingMs(): number | undefined;
  /** Runs something whose calls do not inherit the deadline, for work that goes on after the answer. */
  detached<T>(run: () => T): T;
}

const current = new AsyncLocalStorage<Invocation | undefined>();

/** One inbound invocation. */
export class Invocation implements Context {
  readonly functionId: string;
  readonly callerWorkerId: string | undefined;
  readonly metadata: JsonMembers;
  readonly binding: Binding | undefined;
  readonly attempt: number;
  /** Whether this looks like a queue's: it strips the metadata and adds no caller. */
  readonly fromQueue: boolean;
  /** The payload without the engine's member. */
  readonly data: unknown;
  readonly #deadline: number | undefined;
  readonly #end = new AbortController();
  #answered = false;
  #stop: (reason: Error) => void = () => undefined;

  constructor(functionId: string, data: unknown, metadata: unknown, binding?: Binding) {
    const { [SIDECAR]: sidecar, ...rest } = isMembers(metadata) ? metadata : {};
    this.functionId = functionId;
    this.metadata = rest;
    this.binding = binding;
    [this.data, this.callerWorkerId] = withoutCaller(data);
    const ours: JsonMembers = isMembers(sidecar) ? sidecar : {};
    const { remaining_ms: remaining, attempt } = ours;
    this.#deadline = typeof remaining === "number" ? performance.now() + remaining : undefined;
    this.attempt = typeof attempt === "number" && Number.isInteger(attempt) && attempt >= 1 ? attempt : 1;
    this.fromQueue = !isMembers(sidecar) && Object.keys(rest).length === 0 && this.callerWorkerId === undefined;
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  remainingMs(): number | undefined {
    return this.#deadline === undefined ? undefined : this.#deadline - performance.now();
  }

  detached<T>(run: () => T): T {
    return current.run(undefined, run);
  }

  /** Ends the invocation from outside: `run` throws at once what is given. */
  cancel(reason: Error): void {
    this.#end.abort(reason);
    this.#stop(reason);
  }

  /** Runs a handler. Past its deadline nobody waits for it, so it is given up, a moment after its caller has. */
  async run<T>(handler: () => Promise<T>, late: Error): Promise<T> {
    const left = this.remainingMs();
    const timers: NodeJS.Timeout[] = [];
    const over = new Promise<never>((_, reject) => (this.#stop = reject));
    if (left !== undefined && left < MOST_DELAY) {
      timers.push(setTimeout(() => this.#end.abort(late), Math.max(0, left)));
      timers.push(setTimeout(() => this.#stop(late), Math.max(0, left) + AFTER_THE_CALLER));
    }
    try {
      if (this.signal.aborted) throw this.signal.reason;
      return await Promise.race([current.run(this, handler), over]);
    } finally {
      timers.forEach(clearTimeout);
      this.#answered = true;
    }
  }

  /** What is left for calls made while this invocation is served, in milliseconds. */
  get inherited(): number | undefined {
    return this.#answered ? undefined : this.remainingMs();
  }
}

const MOST_DELAY = 2 ** 31 - 1000; // of setTimeout
const AFTER_THE_CALLER = 500;

/** The time a call has: what was asked for, but never more than the invocation being served has left. */
export function budget(timeoutMs: number | undefined): number | undefined {
  const left = current.getStore()?.inherited;
  return left === undefined ? timeoutMs : Math.min(left, timeoutMs ?? left);
}

/** Metadata for a call, the sidecar in it. Throws for the reserved name. */
export function withSidecar(metadata: JsonMembers | undefined, remainingMs: number | undefined): JsonMembers {
  const ours: JsonMembers = remainingMs === undefined ? { attempt: 1 } : { remaining_ms: Math.max(0, Math.floor(remainingMs)), attempt: 1 };
  return { [SIDECAR]: ours, ...checkedMetadata(metadata) };
}

/** Metadata as the user gave it. Throws for the reserved name. */
export function checkedMetadata(metadata: JsonMembers | undefined): JsonMembers | undefined {
  if (metadata !== undefined && SIDECAR in metadata) throw new TypeError(`metadata member "${SIDECAR}" is reserved; use another name`);
  return metadata;
}

function withoutCaller(data: unknown): [unknown, string | undefined] {
  if (!isMembers(data) || !(CALLER in data)) return [data, undefined];
  const { [CALLER]: caller, ...rest } = data;
  return [rest, typeof caller === "string" ? caller : undefined];
}

/** The SDK turns whatever looks like a reference to a channel into an object of its own; here it is a value again. */
export function restored(value: unknown): unknown {
  return holdsChannelEnd(value) ? restoredAll(value) : value;
}

function holdsChannelEnd(value: unknown): boolean {
  return typeof value === "object" && value !== null && (isChannelEnd(value) || Object.values(value).some(holdsChannelEnd));
}

function isChannelEnd(value: object): value is { readonly url: string } {
  const { url, stream } = value as { url?: unknown; stream?: unknown };
  return typeof url === "string" && typeof stream === "object" && Object.getPrototypeOf(value) !== Object.prototype;
}

function restoredAll(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(restoredAll);
  if (typeof value !== "object" || value === null) return value;
  if (isChannelEnd(value)) {
    const { pathname, searchParams } = new URL(value.url);
    const channel_id = pathname.slice(pathname.lastIndexOf("/") + 1);
    return { channel_id, access_key: searchParams.get("key"), direction: searchParams.get("dir") };
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, restoredAll(member)]));
}
