// The TypeScript worker: `node dist/main.js [--misbehave MODE]`, engine at III_URL.

import { registerWorker } from "iii-sdk";
import { parseArgs } from "node:util";
import { faithful, type Worker } from "./contract.js";
import { misbehavior } from "./misbehave.js";
import { servePricing } from "./pricing.js";
import { serveTypes } from "./types.js";

const DEFAULT_URL = "ws://127.0.0.1:49134";
const READY_ATTEMPTS = 100;

/** Resolves once the catalogue shows every function: registrations are not acknowledged otherwise. */
async function registered(worker: Worker, functionIds: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < READY_ATTEMPTS; attempt += 1) {
    const { functions } = await worker.trigger<object, { functions: { function_id: string }[] }>({
      function_id: "engine::functions::list",
      payload: {},
    });
    const known = new Set(functions.map((row) => row.function_id));
    if (functionIds.every((id) => known.has(id))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the engine does not list ${functionIds.join(", ")}: is another worker serving them?`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { misbehave: { type: "string" } } });
  const url = process.env["III_URL"]?.trim() || DEFAULT_URL;
  const worker = registerWorker(url, { workerName: "example-typescript", otel: { enabled: false } });
  const stop = (): void => void worker.shutdown().finally(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);

  const distort = values.misbehave === undefined ? faithful : misbehavior(values.misbehave);
  const functionIds = [...servePricing(worker, distort), ...serveTypes(worker)];
  await registered(worker, functionIds);
  process.stderr.write(`ready: ${functionIds.join(", ")} at ${url}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
