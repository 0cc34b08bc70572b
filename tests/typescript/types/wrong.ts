// What a compiler has to refuse; each place says so.

import { create } from "@bufbuild/protobuf";
import type { Empty } from "@bufbuild/protobuf/wkt";
import { LabClient, registerLab, registerMirror, type LabImplementation, type MirrorImplementation } from "./gen/lab/v1/lab_iii.js";
import { OrderSchema, ReportSchema, SampleSchema, type Order, type Report, type Sample } from "./gen/lab/v1/lab_pb.js";
import { registerTape, type TapeClient, type TapeImplementation } from "./gen/tape/v1/tape_iii.js";
import { ItemSchema, type Item, type Order as PlayOrder } from "./gen/tape/v1/tape_pb.js";
import type { Context, Worker } from "./gen/iii_bridge/runtime/index.js";

declare const worker: Worker;
declare const empty: Empty;

export async function calls(client: LabClient): Promise<void> {
  const answer = await client.echo({ name: "n", amount: 3n, choice: { case: "part", value: { sku: "s" } } });
  const amount: bigint = answer.amount;
  // @ts-expect-error a number for a bigint
  await client.echo({ name: "n", amount: 3 });
  // @ts-expect-error a text for a bigint
  await client.echo({ name: "n", amount: "3" });
  // @ts-expect-error a field that does not exist
  await client.echo({ nane: "n" });
  // @ts-expect-error a field by its name in the contract
  await client.echo({ small_number: 1 });
  // @ts-expect-error another message
  await client.echo(create(OrderSchema));
  // @ts-expect-error an unknown case of a oneof
  await client.echo({ choice: { case: "piece", value: { sku: "s" } } });
  // @ts-expect-error a method that does not exist
  await client.ecko({ name: "n" });
  // @ts-expect-error a bigint is no number
  const wrong: number = answer.amount;
  // @ts-expect-error the option is called timeoutMs
  await client.echo({ name: "n" }, { timeout: 3 });
  // @ts-expect-error a receipt is no sample
  const sample: Sample = await client.echo.enqueue({ name: "n" }, { queue: "q" });
  void [amount, wrong, sample];
}

class Mirror {
  echo(request: Sample): Sample {
    return request;
  }
  compact = async (request: Sample): Promise<Sample> => create(SampleSchema, request);
  act(order: Order, context: Context): Report {
    return create(ReportSchema, { what: order.what, remaining: BigInt(context.remainingMs() ?? 0) });
  }
  note(): Empty {
    return empty;
  }
}

export const right = registerMirror(worker, new Mirror());
const { act, compact, note } = new Mirror();
// @ts-expect-error a method is missing
void registerMirror(worker, { act, compact, note });
// @ts-expect-error a handler for another request
void registerMirror(worker, { act, compact, note, echo: (request: Order) => create(SampleSchema, { name: request.what }) });
// @ts-expect-error a handler that answers with another message
void registerMirror(worker, { act, compact, note, echo: () => create(OrderSchema) });
// @ts-expect-error a handler that answers with a plain object, in which a wrong name would go unseen
void registerMirror(worker, { act, compact, note, echo: () => ({ name: "n" }) });
// @ts-expect-error another service
void registerLab(worker, new Mirror());

// @ts-expect-error a class that lacks a method
export class Half implements MirrorImplementation {
  echo = (request: Sample): Sample => request;
}

export function made(): unknown[] {
  return [
    // @ts-expect-error a number for a bigint
    create(SampleSchema, { amount: 3 }),
    // @ts-expect-error a field that does not exist
    create(SampleSchema, { nane: "n" }),
  ];
}

export async function streams(client: TapeClient): Promise<void> {
  for await (const { number } of client.play({ count: 1 })) void (number satisfies bigint);
  const { sum } = await client.record([{ number: 1n, body: "b" }]);
  void (sum satisfies bigint);
  // @ts-expect-error a stream is no promise of one message
  const item: Item = await client.play({ count: 1 });
  // @ts-expect-error a single message where a stream is taken
  await client.record({ number: 1n });
  // @ts-expect-error a number for a bigint, within a stream
  await client.record([{ number: 1 }]);
  // @ts-expect-error streams are not queued
  await client.play.enqueue({ count: 1 });
  void item;
}

declare const tape: TapeImplementation;
export const played = registerTape(worker, tape);
// @ts-expect-error a handler that answers with one message instead of a stream
void registerTape(worker, { ...tape, play: (order: PlayOrder) => create(ItemSchema, { number: BigInt(order.count) }) });

export type Checked = LabImplementation["echo"];
