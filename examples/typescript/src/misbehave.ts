// Ways to answer wrongly, so that the demo and the tests can show each one being caught.

import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { Distortion } from "./contract.js";

const QUOTATION: Record<string, (quotation: JsonObject) => JsonObject> = {
  "renamed-field": ({ totalCents, ...rest }) => ({ ...rest, sumCents: totalCents ?? null }),
  "wrong-type": (quotation) => ({ ...quotation, totalCents: true }),
  "out-of-range": (quotation) => ({ ...quotation, totalCents: "9223372036854775808" }),
  "unknown-enum": (quotation) => ({ ...quotation, tier: "TIER_GOLD" }),
};

/** The distortion of `pricing::quote` named by `--misbehave`. */
export function misbehavior(mode: string): Distortion {
  const distort = QUOTATION[mode];
  if (distort === undefined) {
    throw new Error(`unknown --misbehave ${mode}: use one of ${Object.keys(QUOTATION).join(", ")}`);
  }
  return (functionId: string, response: JsonValue) =>
    functionId === "pricing::quote" ? distort(response as JsonObject) : response;
}
