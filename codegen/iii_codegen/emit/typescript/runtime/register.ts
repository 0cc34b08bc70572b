// Registers a service: its functions first, then, once they are this worker's own, their bindings.

import { randomUUID } from "node:crypto";
import type { DescMessage, Registry } from "@bufbuild/protobuf";
import type { IIIClient } from "iii-sdk";
import { Checks, type MethodSchemas } from "./checks.js";
import { send, unaryCall, type Worker } from "./client.js";
import type { Context } from "./context.js";
import type { FunctionFrame, ServiceContract } from "./contract.js";
import { httpHandler } from "./http.js";
import { eventHandler, telling, unaryHandler, type SdkHandler, type ServedMethod } from "./served.js";
import { isMembers } from "./status.js";
import { streamHandler } from "./stream_served.js";

export interface ServeOptions {
  /** Whether an internal function answers with the contract, for `iii-bridge check` and other tools; default true. */
  readonly reflection?: boolean;
}

/** A service being served. */
export interface Registration {
  /** The functions of its methods. */
  readonly functionIds: readonly string[];
  /** Takes its bindings and functions back. */
  unregister(): void;
}

/** A contract with the protobuf-es descriptors of its messages. */
export class Service {
  readonly contract: ServiceContract;
  readonly #checks: ReadonlyMap<string, Checks>;

  constructor(contract: ServiceContract, schemas: { readonly [name: string]: MethodSchemas }, registry: Registry) {
    this.contract = contract;
    const entries = Object.entries(contract.methods).map(([name, method]) => [name, new Checks(contract, method, schemas[name] as MethodSchemas, registry)] as const);
    this.#checks = new Map(entries);
  }

  checks<I extends DescMessage, O extends DescMessage>(name: string): Checks<I, O> {
    return this.#checks.get(name) as Checks<I, O>;
  }
}

const ASK_MS = 3_000;
const PATIENCE_MS = 10_000; // above the 5 s the engine holds registrations for a worker it does not know yet
const PAUSE_MS = 25;
const MOST_IDS = 31; // of 32, beside our own
const FUNCTIONS_INFO = "engine::functions::info";

type Undo = () => void;

/** Registers the functions of a service, waits until the engine shows them as ours, and binds them. */
export async function register(service: Service, worker: Worker, implementation: object, options: ServeOptions): Promise<Registration> {
  const { contract } = service;
  if (contract.namespace) throw new Error(`${contract.fullName} is served in namespace ${contract.namespace}, and iii-sdk 0.22 has none`);
  const methods = new Map(Object.keys(contract.methods).map((name) => [name, served(service, name, worker, implementation)]));
  const undo: Undo[] = [];
  const unregister = (): void => undo.splice(0).reverse().forEach((step) => step());
  try {
    for (const [frame, handler] of functionsOf(contract, methods, options.reflection ?? true)) undo.push(registerFunction(worker, frame, handler));
    await confirm(worker, confirmed(contract));
    for (const { frame, trigger } of bindings(contract)) {
      const { type, config, metadata } = trigger;
      const bound = { type, function_id: frame.id, config, ...(Object.keys(metadata).length === 0 ? {} : { metadata }) };
      const { unregister: release } = worker.registerTrigger(bound);
      undo.push(release);
    }
  } catch (error) {
    unregister();
    throw error;
  }
  return { functionIds: Object.values(contract.methods).map(({ frame }) => frame.id), unregister };
}

function served(service: Service, name: string, worker: Worker, implementation: object): ServedMethod {
  const checks = service.checks(name);
  if (checks.method.frame.invocation !== undefined) {
    const call = unaryCall(worker, checks);
    return { checks, body: (request, { metadata }) => call(request as never, { metadata }) };
  }
  const method = (implementation as { [name: string]: unknown })[name];
  if (typeof method !== "function") throw new TypeError(`the implementation of ${service.contract.fullName} has no method ${name}`);
  const body = async (request: unknown, context: Context): Promise<unknown> => (await method.call(implementation, request, context)) as unknown;
  return { checks, body };
}

function* functionsOf(contract: ServiceContract, methods: ReadonlyMap<string, ServedMethod>, reflection: boolean): Iterable<[FunctionFrame, SdkHandler]> {
  const of = (name: string): ServedMethod => methods.get(name) as ServedMethod;
  for (const [name, { frame, kind }] of Object.entries(contract.methods)) {
    yield [frame, kind === "unary" ? unaryHandler(of(name)) : streamHandler(of(name))];
  }
  for (const adapter of contract.http) yield [adapter.frame, httpHandler(adapter, methods)];
  for (const adapter of contract.events) yield [adapter.frame, eventHandler(adapter, of(adapter.method))];
  if (reflection) yield [contract.reflection.frame, () => Promise.resolve(contract.reflection.answer)];
}

function* bindings(contract: ServiceContract) {
  for (const { frame, routes } of contract.http) for (const { trigger } of routes) yield { frame, trigger };
  yield* contract.events;
}

function confirmed(contract: ServiceContract): string[] {
  return [...Object.values(contract.methods), ...contract.http, ...contract.events].map(({ frame }) => frame.id);
}

function registerFunction(worker: Worker, frame: FunctionFrame, handler: SdkHandler): Undo {
  const { id, invocation, ...options } = frame;
  type Register = Parameters<IIIClient["registerFunction"]>;
  const how = invocation === undefined ? telling(id, handler) : (invocation as unknown);
  const reference = worker.registerFunction(id, how as Register[1], options as Register[2]);
  return () => reference.unregister();
}

/** One owner per function, and no registration is acknowledged: the catalogue is asked whether it shows ours. */
async function confirm(worker: Worker, functionIds: readonly string[]): Promise<void> {
  // The SDK does not say what the engine calls this worker; a function that nobody else can have does.
  const probe = `iii-bridge::probe::${randomUUID()}`;
  const { unregister } = worker.registerFunction(probe, () => Promise.resolve({}), { description: "who is who", metadata: { internal: true } });
  try {
    let unsure = [...functionIds];
    let deadline: number | undefined;
    while (unsure.length > 0) {
      const owners = await ask(worker, [probe, ...unsure.slice(0, MOST_IDS)]);
      if (owners === "forbidden") return;
      if (owners !== "away") {
        deadline ??= performance.now() + PATIENCE_MS;
        unsure = unsure.filter((id) => !isOurs(owners, id, probe));
      }
      if (unsure.length > 0 && deadline !== undefined && performance.now() > deadline) {
        throw new Error(`the engine does not list ${unsure.join(", ")} after ${PATIENCE_MS / 1000} s; check its access rules`);
      }
      if (unsure.length > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  } finally {
    unregister();
  }
}

function isOurs(owners: ReadonlyMap<string, string>, id: string, probe: string): boolean {
  const [owner, ours] = [owners.get(id), owners.get(probe)];
  if (owner === undefined || ours === undefined) return false;
  if (owner !== ours) throw new Error(`${id} is owned by worker ${owner}; stop it first`);
  return true;
}

/** The name of the worker that owns each function. While the engine is away the SDK keeps trying to reach it. */
async function ask(worker: Worker, function_ids: readonly string[]): Promise<ReadonlyMap<string, string> | "away" | "forbidden"> {
  try {
    const answer = await send(worker, { function_id: FUNCTIONS_INFO, payload: { function_ids }, timeoutMs: ASK_MS });
    const rows = isMembers(answer) && Array.isArray(answer["functions"]) ? answer["functions"].filter(isMembers) : [];
    if (rows.some((row) => row["error"] === "forbidden")) return "forbidden";
    const owned = rows.filter((row) => typeof row["worker_name"] === "string" && (row["error"] ?? null) === null);
    return new Map(owned.map((row) => [String(row["function_id"]), String(row["worker_name"])]));
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "TIMEOUT") return "away";
    if (code === "FORBIDDEN" || code === "function_not_found") return "forbidden";
    throw error;
  }
}
