// Streams of these tests: it serves tape.v1.TapeService, and streams with whom `ts::stream` tells it to.

import { create } from "@bufbuild/protobuf";
import { ReelClient, TapeClient, registerTape, type TapeImplementation } from "./gen/tape/v1/tape_iii.js";
import { ItemSchema, TotalSchema, type Item, type Order } from "./gen/tape/v1/tape_pb.js";
import { ContractError, StatusError, type Context, type Registration, type Worker } from "./gen/iii_bridge/runtime/index.js";

const seen = { produced: 0, taken: 0, ended: [] as string[] };
let letGo: () => void = () => undefined;
const TOO_MUCH = 2n ** 63n;

class Tape implements TapeImplementation {
  async *play({ count, failAfter, size, wrongAfter }: Order, context: Context) {
    try {
      for (let number = 0; count === 0 || number < count; number += 1) {
        if (context.signal.aborted) return;
        if (failAfter > 0 && number === failAfter) throw new StatusError("ABORTED", "the tape is torn");
        seen.produced += 1;
        yield create(ItemSchema, { number: wrongAfter > 0 && number === wrongAfter ? TOO_MUCH : BigInt(number), body: "x".repeat(size) });
      }
    } finally {
      seen.ended.push("play");
    }
  }

  async record(items: AsyncIterable<Item>, context: Context) {
    let [sum, count] = [0n, 0];
    try {
      for await (const { number, body } of items) {
        if (body === "stop") break;
        sum += number;
        count += 1;
      }
    } finally {
      seen.ended.push(context.signal.aborted ? "record aborted" : "record");
    }
    return create(TotalSchema, { sum, count });
  }

  async *double(items: AsyncIterable<Item>) {
    for await (const { number, body } of items) yield create(ItemSchema, { number: number * 2n, body });
  }
}

type Told = { client: "tape" | "reel"; method: "play" | "record" | "double"; count: number; order?: object; how?: string; timeoutMs?: number };

async function* items(count: number, how: string | undefined) {
  try {
    for (let number = 0; count === 0 || number < count; number += 1) {
      if (how === "wrong" && number === 2) yield { number: TOO_MUCH, body: "x" };
      if (how === "throw" && number === 2) throw new RangeError("nothing left");
      yield { number: BigInt(number), body: "x" };
    }
  } finally {
    seen.ended.push("items");
  }
}

/** What came, and how it ended. */
async function stream(worker: Worker, { client, method, count, order = {}, how, timeoutMs }: Told): Promise<object> {
  const typed = client === "tape" ? new TapeClient(worker) : new ReelClient(worker);
  const numbers: string[] = [];
  const cancel = new AbortController();
  const options = { signal: cancel.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  try {
    if (method === "record") {
      if (how === "abort") setTimeout(() => cancel.abort(new Error("enough")), 200);
      const { sum, count: said } = await typed.record(items(count, how), options);
      return { sum: String(sum), count: said };
    }
    for await (const { number } of method === "play" ? typed.play({ count, ...order }, options) : typed.double(items(count, how), options)) {
      numbers.push(String(number));
      seen.taken = numbers.length;
      if (how === "break" && numbers.length === 3) break;
      if (how === "slow" && numbers.length === 1) await new Promise<void>((resolve) => (letGo = resolve));
    }
    return { numbers };
  } catch (error) {
    if (error instanceof ContractError) return { numbers, contract: [error.functionId, error.side, error.path] };
    const { name, message, code } = error as { name: string; message: string; code?: string };
    return { numbers, error: { name, message, code: error instanceof StatusError ? error.code : (code ?? null) } };
  }
}

export function serveTape(worker: Worker): Promise<Registration> {
  worker.registerFunction("ts::stream", (data) => stream(worker, data as Told));
  worker.registerFunction("ts::seen", () => Promise.resolve(seen));
  worker.registerFunction("ts::go", () => Promise.resolve(letGo()).then(() => null));
  return registerTape(worker, new Tape());
}
