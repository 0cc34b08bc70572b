// What generated glue and users of it import.

export { Checks } from "./checks.js";
export type { MethodSchemas } from "./checks.js";
export { unaryCall as call } from "./client.js";
export type { CallOptions, EnqueueOptions, Receipt, UnaryCall, VoidOptions, Worker } from "./client.js";
export type { Binding, Context } from "./context.js";
export { json } from "./contract.js";
export type { FunctionFrame, Json, JsonMembers, ServiceContract } from "./contract.js";
export { register, Service } from "./register.js";
export type { Registration, ServeOptions } from "./register.js";
export { ContractError, STATUS_CODES, statusCodeOf, StatusError } from "./status.js";
export type { Side, StatusCode } from "./status.js";
export type { Call, Implements, Request } from "./types.js";
