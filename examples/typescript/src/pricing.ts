// pricing: prices order lines from the catalogue in examples/data.

import { create } from "@bufbuild/protobuf";
import { readFileSync } from "node:fs";
import { CountResponseSchema, QuotationSchema, Tier, type Quotation, type QuoteRequest } from "./gen/examples/pricing/v1/pricing_pb.js";
import type { PricingImplementation } from "./gen/examples/pricing/v1/pricing_iii.js";
import { StatusError } from "./gen/iii_bridge/runtime/index.js";

const MOST_CENTS = 2n ** 63n - 1n;

export class Pricing implements PricingImplementation {
  readonly #catalogue = loadCatalogue();
  readonly #quoted = new Set<string>();
  readonly #refused = new Set<string>();

  quote(request: QuoteRequest): Quotation {
    try {
      const quotation = this.#price(request);
      this.#quoted.add(request.orderId);
      return quotation;
    } catch (error) {
      this.#refused.add(request.orderId);
      throw error;
    }
  }

  count() {
    return create(CountResponseSchema, { quoted: BigInt(this.#quoted.size), refused: BigInt(this.#refused.size) });
  }

  #price({ sku, quantity }: QuoteRequest): Quotation {
    const unitCents = this.#catalogue.get(sku);
    if (unitCents === undefined) throw new StatusError("NOT_FOUND", `no price for sku ${sku}: it is not in the catalogue`);
    if (quantity <= 0n) throw new StatusError("INVALID_ARGUMENT", "the quantity must be positive");
    const [tier, percent] = tierFor(quantity);
    const totalCents = (unitCents * quantity * (100n - percent) + 50n) / 100n;
    if (totalCents > MOST_CENTS) throw new StatusError("OUT_OF_RANGE", "the total has more cents than fit: split the order");
    return create(QuotationSchema, { sku, unitCents, totalCents, tier, discountPercent: Number(percent) });
  }
}

function tierFor(quantity: bigint): [Tier, bigint] {
  if (quantity >= 100n) return [Tier.BULK, 12n];
  return quantity >= 10n ? [Tier.DOZEN, 5n] : [Tier.LIST, 0n];
}

function loadCatalogue(): Map<string, bigint> {
  const file = new URL("../../data/catalogue.json", import.meta.url);
  const items = JSON.parse(readFileSync(file, "utf-8")) as { sku: string; unit_cents: number }[];
  return new Map(items.map((item) => [item.sku, BigInt(item.unit_cents)]));
}
