// Ways to answer wrongly, so that the demo and the tests can show each one being caught.

import type { JsonMembers, Worker } from "./gen/iii_bridge/runtime/index.js";

const QUOTATION: Record<string, (quotation: JsonMembers) => JsonMembers> = {
  "renamed-field": ({ totalCents, ...rest }) => ({ ...rest, sumCents: totalCents ?? null }),
  "wrong-type": (quotation) => ({ ...quotation, totalCents: true }),
  "out-of-range": (quotation) => ({ ...quotation, totalCents: "9223372036854775808" }),
  "unknown-enum": (quotation) => ({ ...quotation, tier: "TIER_GOLD" }),
};

/** A worker whose `pricing::quote` answers in the way `--misbehave` names, behind the back of the generated checks. */
export function misbehaving(worker: Worker, mode: string): Worker {
  const distort = QUOTATION[mode];
  if (distort === undefined) {
    throw new Error(`unknown --misbehave ${mode}: use one of ${Object.keys(QUOTATION).join(", ")}`);
  }
  const registerFunction: Worker["registerFunction"] = (functionId, handler, options) => {
    if (functionId !== "pricing::quote" || typeof handler !== "function") return worker.registerFunction(functionId, handler, options);
    const wrong = async (data: unknown, metadata?: Parameters<typeof handler>[1]) => distort((await handler(data, metadata)) as JsonMembers);
    return worker.registerFunction(functionId, wrong, options);
  };
  return { trigger: worker.trigger, registerTrigger: worker.registerTrigger, registerFunction };
}
