// Statuses and violations, and how both cross the bus: as the last line of the error's stack, because the SDK
// sends `error.stack` as it is and always the code `invocation_failed`.

import type { Json, JsonMembers } from "./contract.js";

/** The canonical status codes of google.rpc.Code, without OK. */
export const STATUS_CODES = [
  "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
  "DATA_LOSS", "UNAUTHENTICATED",
] as const;

export type StatusCode = (typeof STATUS_CODES)[number];

/** Which part of a call breaks its contract. */
export type Side = "request" | "response";

const PREFIX = "iii-status/1 ";
const VIOLATION = "iii_bridge/contract_violation";
const CAUSED = "\n\nThe above exception was the direct cause of the following exception:\n";
const WRAPPER = "_TraceContextError";

/** A canonical status; it arrives as that status at the caller, whatever its language. */
export class StatusError extends Error {
  override readonly name: string = "StatusError";
  readonly code: StatusCode;
  readonly details: readonly JsonMembers[];

  constructor(code: StatusCode, message: string, details: readonly JsonMembers[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Data that does not fit the contract: which function, which side, where, and what is wrong; never the data. */
export class ContractError extends Error {
  override readonly name: string = "ContractError";
  readonly functionId: string;
  readonly side: Side;
  readonly path: string;
  readonly problem: string;

  constructor(functionId: string, side: Side, path: string, problem: string) {
    super(`${functionId} ${side} does not fit its contract: ${problem} at ${path}`);
    this.functionId = functionId;
    this.side = side;
    this.path = path;
    this.problem = problem;
  }

  /** INVALID_ARGUMENT for a request, INTERNAL for a response. */
  get code(): StatusCode {
    return this.side === "request" ? "INVALID_ARGUMENT" : "INTERNAL";
  }

  /** The violation as it stands among the details of a status. */
  get detail(): JsonMembers {
    const { functionId, side, path, problem } = this;
    return { "@type": VIOLATION, function: functionId, side, path, problem };
  }
}

/** The status of each error code of iii; UNKNOWN for every other. */
const CODES: { readonly [code: string]: StatusCode } = {
  function_not_found: "UNIMPLEMENTED",
  function_not_invokable: "UNIMPLEMENTED",
  FORBIDDEN: "PERMISSION_DENIED",
  AUTH_ERROR: "UNAUTHENTICATED",
  INVALID_ARGUMENTS: "INVALID_ARGUMENT",
  INVALID_NAMESPACE: "INVALID_ARGUMENT",
  JSON_ERROR: "INVALID_ARGUMENT",
  deserialization_error: "INVALID_ARGUMENT",
  invalid_request: "INVALID_ARGUMENT",
  contract_violation: "INVALID_ARGUMENT",
  serialization_error: "INTERNAL",
  TIMEOUT: "DEADLINE_EXCEEDED",
  invocation_stopped: "UNAVAILABLE",
  invocation_error: "UNAVAILABLE",
  enqueue_error: "UNAVAILABLE",
  channel_send_failed: "UNAVAILABLE",
  http_request_failed: "UNAVAILABLE",
  bridge_error: "UNAVAILABLE",
  SHUTDOWN: "UNAVAILABLE",
  VALUE_TOO_LARGE: "RESOURCE_EXHAUSTED",
  payload_too_large: "RESOURCE_EXHAUSTED",
  WORKER_NAMESPACE_CONFLICT: "FAILED_PRECONDITION",
  FUNCTION_NAMESPACE_CONFLICT: "FAILED_PRECONDITION",
  invocation_failed: "UNKNOWN",
};

/** The canonical status of an error that a call threw. */
export function statusCodeOf(error: unknown): StatusCode {
  const { code } = (error ?? {}) as { code?: unknown };
  return STATUS_CODES.find((known) => known === code) ?? (typeof code === "string" ? CODES[code] : undefined) ?? "UNKNOWN";
}

interface Status {
  code: StatusCode;
  message: string;
  details: readonly JsonMembers[];
}

/** What is thrown to the SDK for what a handler of `functionId` threw: the same error, its status in the stack. */
export function toWire(error: unknown, functionId: string): unknown {
  const status = statusOf(error, functionId);
  if (status !== undefined) return withStack(error as Error, status);
  if (!(error instanceof Error)) return error;
  const told = stackOf(error);
  if (told !== undefined) {
    // A failed call that its caller lets through stays what it was.
    error.stack = `${error.stack ?? error.message}\n${told}`;
  } else if (lastLine(error.stack)?.startsWith(PREFIX)) {
    error.stack += "\n(not a status)"; // the text of an error must not pass for one
  }
  return error;
}

/** The status of an error as a handler of `functionId` answers it; undefined for an error that has none. */
export function statusOf(error: unknown, functionId: string): Status | undefined {
  if (error instanceof ContractError) {
    // A violation further down the line is not the fault of whoever called us.
    const code = error.functionId === functionId ? error.code : "INTERNAL";
    return { code, message: error.message, details: [error.detail] };
  }
  if (error instanceof StatusError) return { code: error.code, message: error.message, details: error.details };
  return undefined;
}

function withStack(error: Error, { code, message, details }: Status): Error {
  const line = PREFIX + JSON.stringify({ code, message, details });
  // Where a check sits says nothing about the payload that failed it.
  const stack = error instanceof ContractError ? line : `${error.stack ?? error.message}\n${line}`;
  const sent = new Error(message);
  sent.stack = stack;
  return sent;
}

/** The status line of a failed call's error, undefined where there is none. */
function stackOf(error: Error): string | undefined {
  const { stacktrace } = error as { stacktrace?: unknown };
  const line = typeof stacktrace === "string" ? lastLine(stacktrace) : undefined;
  return line !== undefined && parseLine(line) !== undefined ? line : undefined;
}

/** The error a caller gets for what the SDK threw: a status, a violation, or what it was. */
export function fromWire(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const line = stackOf(error);
  const status = line === undefined ? undefined : parseLine(line);
  if (status === undefined) return error;
  const found = violationOf(status.details) ?? new StatusError(status.code, status.message, status.details);
  found.cause = error;
  return found;
}

/** The last line of what the handler raised: the Python SDK raises an exception of its own from it. */
function lastLine(stack: string | undefined): string | undefined {
  if (stack === undefined) return undefined;
  const cut = stack.lastIndexOf(CAUSED);
  const wrapped = cut >= 0 && (endOf(stack).split(":")[0] ?? "").endsWith(WRAPPER);
  return endOf(wrapped ? stack.slice(0, cut) : stack);
}

function endOf(stack: string): string {
  return stack.trimEnd().split("\n").at(-1)?.trim() ?? "";
}

function parseLine(line: string): Status | undefined {
  if (!line.startsWith(PREFIX)) return undefined;
  try {
    const { code, message, details = [] } = JSON.parse(line.slice(PREFIX.length)) as Partial<Status>;
    const whole = STATUS_CODES.some((known) => known === code) && typeof message === "string" && Array.isArray(details);
    return whole && details.every(isMembers) ? { code: code as StatusCode, message, details } : undefined;
  } catch {
    return undefined;
  }
}

function violationOf(details: readonly JsonMembers[]): ContractError | undefined {
  const found = details.find((detail) => detail["@type"] === VIOLATION);
  if (found === undefined) return undefined;
  const { function: functionId, side, path, problem } = found;
  const texts = [functionId, path, problem].every((text) => typeof text === "string");
  if (!texts || (side !== "request" && side !== "response")) return undefined;
  return new ContractError(functionId as string, side, path as string, problem as string);
}

/** Whether a value is a JSON object. */
export function isMembers(value: unknown): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
