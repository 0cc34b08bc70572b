// pricing: prices order lines from the catalogue in examples/data.

import { create } from "@bufbuild/protobuf";
import { readFileSync } from "node:fs";
import { serve, type Distortion, type Worker } from "./contract.js";
import { CountResponseSchema, PricingService, QuotationSchema, Tier, type QuoteRequest, type Quotation } from "./gen/examples/pricing/v1/pricing_pb.js";
import { StatusError } from "./status.js";

const MOST_CENTS = 2n ** 63n - 1n;

type CatalogueItem = { sku: string; unit_cents: number };

function loadCatalogue(): Map<string, bigint> {
  const file = new URL("../../data/catalogue.json", import.meta.url);
  const items = JSON.parse(readFileSync(file, "utf-8")) as CatalogueItem[];
  return new Map(items.map((item) => [item.sku, BigInt(item.unit_cents)]));
}

function tierFor(quantity: bigint): [Tier, bigint] {
  if (quantity >= 100n) return [Tier.BULK, 12n];
  if (quantity >= 10n) return [Tier.DOZEN, 5n];
  return [Tier.LIST, 0n];
}

function quote(catalogue: Map<string, bigint>, request: QuoteRequest): Quotation {
  const unitCents = catalogue.get(request.sku);
  if (unitCents === undefined) {
    throw new StatusError("NOT_FOUND", `no price for sku ${request.sku}: it is not in the catalogue`);
  }
  if (request.quantity <= 0n) {
    throw new StatusError("INVALID_ARGUMENT", "the quantity must be positive");
  }
  const [tier, percent] = tierFor(request.quantity);
  const totalCents = (unitCents * request.quantity * (100n - percent) + 50n) / 100n;
  if (totalCents > MOST_CENTS) {
    throw new StatusError("OUT_OF_RANGE", "the total has more cents than fit: split the order");
  }
  return create(QuotationSchema, { sku: request.sku, unitCents, totalCents, tier, discountPercent: Number(percent) });
}

/** Registers `pricing::quote` and `pricing::count`. */
export function servePricing(worker: Worker, distort: Distortion): string[] {
  const catalogue = loadCatalogue();
  const quoted = new Set<string>();
  const refused = new Set<string>();
  const answer = (request: QuoteRequest): Quotation => {
    try {
      const quotation = quote(catalogue, request);
      quoted.add(request.orderId);
      return quotation;
    } catch (error) {
      refused.add(request.orderId);
      throw error;
    }
  };
  const count = () =>
    create(CountResponseSchema, { quoted: BigInt(quoted.size), refused: BigInt(refused.size) });
  serve(worker, "pricing::quote", PricingService.method.quote, answer, distort);
  serve(worker, "pricing::count", PricingService.method.count, count);
  return ["pricing::quote", "pricing::count"];
}
