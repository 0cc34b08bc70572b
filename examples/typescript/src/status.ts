// The status convention: a handler's status travels as the last line of the error's stack, because the
// SDK sends `error.stack` verbatim and always the code `invocation_failed`.

export type StatusCode =
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "FAILED_PRECONDITION"
  | "OUT_OF_RANGE"
  | "INTERNAL";

const PREFIX = "iii-status/1 ";

/** A canonical status that arrives as that status at the caller, whatever its language. */
export class StatusError extends Error {
  constructor(
    readonly code: StatusCode,
    message: string,
    readonly details: readonly Record<string, unknown>[] = [],
  ) {
    super(message);
    const status = JSON.stringify({ code, message, details });
    this.stack = `${this.stack ?? message}\n${PREFIX}${status}`;
  }
}

/** Data that does not fit the contract: INVALID_ARGUMENT for a request, INTERNAL for a response. */
export class ContractError extends StatusError {
  constructor(functionId: string, side: "request" | "response", path: string, problem: string) {
    super(
      side === "request" ? "INVALID_ARGUMENT" : "INTERNAL",
      `${functionId} ${side} does not fit its contract: ${problem} at ${path}`,
      [{ "@type": "iii_bridge/contract_violation", function: functionId, side, path, problem }],
    );
  }
}

/** The stack of a failed call as its own last line, so that a status passes through a worker unchanged. */
export function passOn(stacktrace: string | undefined, error: Error): Error {
  const last = stacktrace?.trimEnd().split("\n").at(-1);
  if (last?.startsWith(PREFIX)) {
    error.stack = `${error.stack ?? error.message}\n${last}`;
  }
  return error;
}
