// The TypeScript worker: `node dist/main.js [--misbehave MODE]`, engine at III_URL.

import { registerWorker } from "iii-sdk";
import { parseArgs } from "node:util";
import { registerPricing } from "./gen/examples/pricing/v1/pricing_iii.js";
import { registerTypescriptTypes } from "./gen/examples/types/v1/types_iii.js";
import { misbehaving } from "./misbehave.js";
import { Pricing } from "./pricing.js";
import { Types, forward } from "./types.js";

const DEFAULT_URL = "ws://127.0.0.1:49134";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { misbehave: { type: "string" } } });
  const url = process.env["III_URL"]?.trim() || DEFAULT_URL;
  const worker = registerWorker(url, { workerName: "example-typescript", otel: { enabled: false } });
  const stop = (): void => void worker.shutdown().finally(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);

  worker.registerFunction("typescript-types::forward", (data) => forward(worker, data));
  const pricing = values.misbehave === undefined ? worker : misbehaving(worker, values.misbehave);
  const served = await Promise.all([registerPricing(pricing, new Pricing()), registerTypescriptTypes(worker, new Types(worker))]);
  process.stderr.write(`ready: ${served.flatMap(({ functionIds }) => functionIds).join(", ")} at ${url}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
