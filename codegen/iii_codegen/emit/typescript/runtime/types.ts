// From a protobuf-es service to the types of its clients and implementations.

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { UnaryCall } from "./client.js";
import type { Context } from "./context.js";

/** One method of a protobuf-es service. */
export interface Method {
  readonly methodKind: string;
  readonly input: DescMessage;
  readonly output: DescMessage;
}

/** The request of a method. */
export type Request<M extends Method> = MessageShape<M["input"]>;

/** A method as a client calls it. */
export type Call<M extends Method> = UnaryCall<M["input"], M["output"]>;

/** What answers a method: messages made with `create`. */
export type Implements<M extends Method> = (request: Request<M>, context: Context) => MessageShape<M["output"]> | Promise<MessageShape<M["output"]>>;
