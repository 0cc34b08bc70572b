// The TypeScript party of the golden vectors: `direct` for documents on standard input, `serve` for an engine at III_URL.

import { createInterface } from "node:readline";
import { fromBinary, fromJsonString, toBinary, toJsonString } from "@bufbuild/protobuf";
import { registerWorker } from "iii-sdk";
import { registry } from "./gen/iii_bridge/registry.js";
import { PythonEchoClient, RustEchoClient, TypescriptEchoClient, registerTypescriptEcho } from "./gen/vectors/v1/services_iii.js";
import { VectorSchema, type Vector } from "./gen/vectors/v1/services_pb.js";

/** A message of any type of vectors.v1, as JSON or in binary. */
type Document = { type: string; json: string } | { type: string; binary: string };
type Answer = { error: string } | { binary: string; json?: { [profile: string]: string } };

const emit = { registry, alwaysEmitImplicit: true };
const PROFILES = {
  "default": emit,
  "canonical": { registry },
  "proto-names": { ...emit, useProtoFieldName: true },
  "enum-numbers": { ...emit, enumAsInteger: true },
};

function throughMessage(document: Document): Answer {
  const schema = registry.getMessage(document.type);
  if (schema === undefined) throw new Error("no such message");
  const message = "binary" in document ? fromBinary(schema, Buffer.from(document.binary, "base64")) : fromJsonString(schema, document.json, { registry });
  const written = Object.entries(PROFILES).map(([profile, options]) => [profile, toJsonString(schema, message, options)]);
  return { binary: encoded(toBinary(schema, message)), json: Object.fromEntries(written) };
}

/** One answer a line. */
async function direct(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    let answer: Answer;
    try {
      answer = throughMessage(JSON.parse(line));
    } catch (error) {
      answer = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

type Told = { callee: "python" | "typescript" | "rust"; method: "echo" | "compact" | "numbers"; vectors: string[] };

/** Echoes vectors, and calls the echo of any language with those it is told. */
async function serve(): Promise<void> {
  const worker = registerWorker(process.env["III_URL"] ?? "", { workerName: "vectors", otel: { enabled: false } });
  process.once("SIGTERM", () => void worker.shutdown().finally(() => process.exit(0)));
  const clients = { python: new PythonEchoClient(worker), typescript: new TypescriptEchoClient(worker), rust: new RustEchoClient(worker) };
  worker.registerFunction("typescript-vectors::call", async ({ callee, method, vectors }: Told): Promise<Answer[]> => {
    const answers: Answer[] = [];
    for (const vector of vectors) {
      try {
        const answer = await clients[callee][method](fromBinary(VectorSchema, Buffer.from(vector, "base64")));
        answers.push({ binary: encoded(toBinary(VectorSchema, answer)) });
      } catch (error) {
        answers.push({ error: String(error) });
      }
    }
    return answers;
  });
  const echo = (vector: Vector): Vector => vector;
  const { functionIds } = await registerTypescriptEcho(worker, { echo, compact: echo, numbers: echo });
  process.stderr.write(`ready: ${functionIds.join(", ")}\n`);
}

function encoded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

await (process.argv[2] === "serve" ? serve() : direct());
