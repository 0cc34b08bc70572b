// Between http triggers and methods: `<function id>::http`. The answer always has a body, because a function that
// returns nothing makes the engine wait.

import { Invocation } from "./context.js";
import type { HttpAdapter, HttpTarget, Json, JsonMembers } from "./contract.js";
import { bindPath } from "./paths.js";
import { ContractError, isMembers, statusCodeOf, statusOf, type StatusCode } from "./status.js";
import { late, type ServedMethod } from "./served.js";
import { Transcoder } from "./transcoding.js";

const HTTP_STATUS: { readonly [code in StatusCode]: number } = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

/** What the engine hands over. */
interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly path_params: { readonly [name: string]: string };
  readonly query_params: { readonly [name: string]: string };
  readonly headers: { readonly [name: string]: string };
  readonly body?: Json;
}

interface Target {
  readonly rule: HttpTarget;
  readonly served: ServedMethod;
  readonly transcoder: Transcoder;
}

/** The handler of an adapter: it answers with 200, or with a status and a body that says why. */
export function httpHandler(adapter: HttpAdapter, methods: ReadonlyMap<string, ServedMethod>): (data: unknown, metadata?: unknown) => Promise<Json> {
  const routes = new Map<string, { path: string; targets: Target[] }>();
  for (const { trigger, targets } of adapter.routes) {
    const path = String(trigger.config["api_path"]);
    const answering = targets.map((rule) => {
      const served = methods.get(rule.method) as ServedMethod;
      return { rule, served, transcoder: new Transcoder(served.checks, rule) };
    });
    routes.set(key(trigger.config["http_method"] ?? "GET", path), { path, targets: answering });
  }
  return async (data, metadata) => {
    const request = isRequest(data) ? data : undefined;
    const route = request && routes.get(key(request.method, request.path));
    if (request === undefined || route === undefined) {
      throw new ContractError(adapter.frame.id, "request", "$", "this function answers http triggers only; call the method's own function");
    }
    const names = route.path.split("/").filter((part) => part.startsWith(":"));
    const values = names.map((name) => request.path_params[name.slice(1)] ?? "");
    for (const target of route.targets) {
      const path = bindPath(target.rule.template, route.path, values);
      if (path !== undefined) return answer(target, request, path, metadata);
    }
    return failure("NOT_FOUND", "no method has this path", []);
  };
}

async function answer({ rule, served, transcoder }: Target, request: HttpRequest, path: ReadonlyMap<string, string>, metadata: unknown): Promise<Json> {
  const { checks } = served;
  try {
    const body = rule.body === "" ? undefined : jsonBody(request, checks.functionId);
    const data = transcoder.request(path, request.query_params, body);
    const invocation = new Invocation(checks.functionId, data, metadata, { triggerType: "http", metadata: rule.metadata });
    const message = checks.decodeRequest(data);
    const response = await invocation.run(() => served.body(message, invocation), late(checks.functionId));
    return { status_code: 200, headers: { ...JSON_HEADERS }, body: transcoder.response(checks.encodeResponse(response)) };
  } catch (error) {
    return told(error, checks.functionId);
  }
}

const JSON_HEADERS = { "content-type": "application/json" } as const;

/** The engine hands over null for no body, broken JSON and other content types alike. */
function jsonBody({ body, headers }: HttpRequest, functionId: string): Json | undefined {
  if (body !== undefined && body !== null) return body;
  if ((headers["content-length"] ?? "0") === "0" && !("transfer-encoding" in headers)) return undefined;
  throw new ContractError(functionId, "request", "$", "the body is not readable as JSON; send it with content-type application/json");
}

function told(error: unknown, functionId: string): Json {
  const status = statusOf(error, functionId);
  if (status !== undefined) return failure(status.code, status.message, status.details);
  console.error(`${functionId} failed:`, error);
  const isCall = error instanceof Error && typeof (error as { code?: unknown }).code === "string";
  return failure(isCall ? statusCodeOf(error) : "UNKNOWN", isCall ? error.message : `${functionId} failed`, []);
}

function failure(code: StatusCode, message: string, details: readonly JsonMembers[]): Json {
  return { status_code: HTTP_STATUS[code], headers: { ...JSON_HEADERS }, body: { code, message, details: [...details] } };
}

function isRequest(data: unknown): data is HttpRequest {
  return isMembers(data) && typeof data["path"] === "string" && typeof data["method"] === "string" && isMembers(data["path_params"]) && isMembers(data["query_params"]) && isMembers(data["headers"]);
}

function key(method: Json, path: string): string {
  return `${String(method).toUpperCase()} ${path.replace(/^\/+|\/+$/g, "")}`;
}
