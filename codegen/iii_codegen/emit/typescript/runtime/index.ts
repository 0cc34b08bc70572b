// What generated glue and users of it import.

export { Checks } from "./checks.js";
export type { MethodSchemas } from "./checks.js";
export type { CallOptions, EnqueueOptions, Receipt, UnaryCall, VoidOptions, Worker } from "./client.js";
export type { Binding, Context } from "./context.js";
export { json } from "./contract.js";
export type { FunctionFrame, Json, JsonMembers, ServiceContract } from "./contract.js";
export { StreamTruncatedError } from "./incoming.js";
export { register, Service } from "./register.js";
export type { Registration, ServeOptions } from "./register.js";
export { ContractError, STATUS_CODES, statusCodeOf, StatusError } from "./status.js";
export type { Side, StatusCode } from "./status.js";
export type { BidiStreamCall, ClientStreamCall, Requests, ServerStreamCall, StreamOptions } from "./stream_calls.js";
export { call } from "./types.js";
export type { Call, Implements, Method } from "./types.js";
