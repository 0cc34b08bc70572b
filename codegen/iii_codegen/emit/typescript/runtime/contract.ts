// What generated glue knows of a contract, as plain values. Times in milliseconds.

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** A JSON object. */
export type JsonMembers = { [name: string]: Json };

/** How messages are spelled in JSON. Reading accepts every legal spelling whatever the profile. */
export interface JsonProfile {
  readonly names: "json" | "proto";
  readonly int64: "string" | "number";
  readonly enums: "name" | "number";
  readonly defaults: "emit" | "omit";
}

/** The members of one `registerfunction`. */
export interface FunctionFrame {
  readonly id: string;
  readonly description?: string;
  readonly request_format: JsonMembers;
  readonly response_format: JsonMembers;
  readonly metadata: JsonMembers;
  /** Set where the engine invokes the function over HTTP. */
  readonly invocation?: JsonMembers;
}

/** What is bound to a function. */
export interface TriggerFrame {
  readonly type: string;
  readonly config: JsonMembers;
  readonly metadata: JsonMembers;
}

export type MethodKind = "unary" | "client_stream" | "server_stream" | "bidi_stream";

export interface MethodContract {
  /** `shop.orders.v1.OrdersService/Place`. */
  readonly fullName: string;
  readonly kind: MethodKind;
  readonly timeoutMs?: number;
  readonly delivery: "sync" | "void" | "enqueue";
  readonly queue?: string;
  readonly json: JsonProfile;
  readonly unknownMembers: "ignore" | "warn" | "reject";
  readonly unknownEnumNames: "reject" | "ignore";
  readonly onViolation: "error" | "ack_and_log";
  readonly frame: FunctionFrame;
}

/** A path of google.api.http: `segments` are literals, `*` and `**`; a variable takes those from `start` to `end`. */
export interface PathTemplate {
  readonly segments: readonly string[];
  readonly variables: readonly {
    readonly fieldPath: string;
    readonly start: number;
    readonly end: number;
    readonly spans: boolean;
  }[];
  readonly verb: string;
}

/** One http rule of a method. `body` is `*`, a field, or empty; `responseBody` a field or empty. */
export interface HttpTarget {
  readonly method: string;
  readonly template: PathTemplate;
  readonly body: string;
  readonly responseBody: string;
  readonly metadata: JsonMembers;
}

/** The function that transcodes for the routes of one method. */
export interface HttpAdapter {
  readonly frame: FunctionFrame;
  readonly method: string;
  readonly routes: readonly { readonly trigger: TriggerFrame; readonly targets: readonly HttpTarget[] }[];
}

/** The function that a binding invokes which hands over requests as they are. */
export interface EventAdapter {
  readonly frame: FunctionFrame;
  readonly method: string;
  readonly trigger: TriggerFrame;
  /** Whether a delivery that violates the contract is acknowledged and logged. */
  readonly acknowledges: boolean;
  /** Whether the response is an iii_bridge.v1.HttpResponse for the engine's http. */
  readonly answersHttp: boolean;
}

export interface ServiceContract {
  /** `shop.orders.v1.OrdersService`. */
  readonly fullName: string;
  readonly digest: string;
  readonly namespace?: string;
  /** By the name each method has on clients and implementations. */
  readonly methods: { readonly [name: string]: MethodContract };
  readonly http: readonly HttpAdapter[];
  readonly events: readonly EventAdapter[];
  /** The function that answers with the contract, and its answer. */
  readonly reflection: { readonly frame: FunctionFrame; readonly answer: JsonMembers };
  /** REQUIRED fields by the full name of their message, as the contract writes them. */
  readonly required: { readonly [message: string]: readonly string[] };
}

/** Reads JSON text of generated code. */
export function json<T>(text: string): T {
  return JSON.parse(text) as T;
}
