// From a protobuf-es service to the types of its clients and implementations.

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Checks } from "./checks.js";
import { unaryCall, type UnaryCall, type Worker } from "./client.js";
import type { Context } from "./context.js";
import { requestStream, responseStream, type BidiStreamCall, type ClientStreamCall, type ServerStreamCall } from "./stream_calls.js";

/** One method of a protobuf-es service. */
export interface Method {
  readonly methodKind: "unary" | "server_streaming" | "client_streaming" | "bidi_streaming";
  readonly input: DescMessage;
  readonly output: DescMessage;
}

/** A method as a client calls it. */
export type Call<M extends Method> = {
  unary: UnaryCall<M["input"], M["output"]>;
  server_streaming: ServerStreamCall<M["input"], M["output"]>;
  client_streaming: ClientStreamCall<M["input"], M["output"]>;
  bidi_streaming: BidiStreamCall<M["input"], M["output"]>;
}[M["methodKind"]];

type Taken<M extends Method> = M["methodKind"] extends "unary" | "server_streaming" ? MessageShape<M["input"]> : AsyncIterable<MessageShape<M["input"]>>;
type Given<M extends Method> = M["methodKind"] extends "unary" | "client_streaming"
  ? MessageShape<M["output"]> | Promise<MessageShape<M["output"]>>
  : AsyncIterable<MessageShape<M["output"]>>;

/** What answers a method: messages made with `create`. */
export type Implements<M extends Method> = (request: Taken<M>, context: Context) => Given<M>;

/** A call of one method. */
export function call<M extends Method>(worker: Worker, checks: Checks<M["input"], M["output"]>): Call<M> {
  const { kind } = checks.method;
  const made = kind === "unary" ? unaryCall(worker, checks) : kind === "client_stream" ? requestStream(worker, checks) : responseStream(worker, checks);
  return made as Call<M>;
}
