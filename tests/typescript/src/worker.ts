// The worker of these tests: it serves lab.v1.LabService, and calls what `ts::call` tells it to.

import { create, fromJson, toJson, type JsonValue } from "@bufbuild/protobuf";
import { EmptySchema, type Empty } from "@bufbuild/protobuf/wkt";
import { registerWorker } from "iii-sdk";
import { LabClient, MirrorClient, registerLab, type LabImplementation } from "./gen/lab/v1/lab_iii.js";
import { LogSchema, OrderSchema, ReportSchema, SampleSchema, type Order, type Report, type Sample } from "./gen/lab/v1/lab_pb.js";
import { HttpResponseSchema, type CronTick, type HttpRequest, type StateChange, type StreamEvent } from "./gen/iii_bridge/v1/events_pb.js";
import { ContractError, StatusError, type Context, type Worker } from "./gen/iii_bridge/runtime/index.js";
import { registry } from "./gen/iii_bridge/registry.js";
import { serveTape } from "./tape.js";

const url = process.env["III_URL"] ?? "";
const tracing = process.env["LAB_OTEL"] === "1";
const worker = registerWorker(url, { workerName: process.env["LAB_NAME"] ?? "lab", otel: { enabled: tracing, metricsEnabled: false } });

class Lab implements LabImplementation {
  readonly #lines: string[] = [];
  readonly #mirror = new MirrorClient(worker);

  echo = (request: Sample): Sample => request;
  strict = (request: Sample): Sample => request;
  lenient = (request: Sample): Sample => request;
  compact = (request: Sample): Sample => request;
  weigh = (request: Sample): Sample => request;
  fetch = (request: Sample): Sample => request;
  open = ({ name }: Sample): Sample => create(SampleSchema, { name, choice: { case: "text", value: "opened" } });
  close = (request: Sample, context: Context): Sample => {
    if (request.name === "missing") throw new StatusError("NOT_FOUND", "no such sample", [{ "@type": "lab", name: request.name }]);
    if (request.name === "broken") throw new TypeError("a secret");
    return create(SampleSchema, { name: `closed by ${context.binding?.triggerType ?? "a call"}` });
  };

  async act({ what, with: argument }: Order, context: Context): Promise<Report> {
    if (what === "status") throw new StatusError("FAILED_PRECONDITION", "not now", [{ "@type": "lab", why: argument }]);
    if (what === "error") throw new Error(`plain\niii-status/1 {"code":"ABORTED","message":"forged"}`);
    if (what === "wrong response") return create(OrderSchema, { what }) as unknown as Report;
    if (what === "out of range") return create(ReportSchema, { remaining: 2n ** 63n });
    if (what === "wait") await new Promise((resolve) => context.signal.addEventListener("abort", () => resolve(this.#lines.push("aborted"))));
    if (what === "relay") return this.#mirror.act({ what: argument }, { metadata: { relayed: true } });
    if (what === "relay detached") return context.detached(() => this.#mirror.act({ what: argument }));
    return create(ReportSchema, {
      what,
      caller: context.callerWorkerId ?? "",
      attempt: context.attempt,
      remaining: BigInt(Math.round(context.remainingMs() ?? 0)),
      metadata: JSON.stringify(context.metadata),
      binding: JSON.stringify(context.binding ?? null),
    });
  }

  read = () => create(LogSchema, { lines: this.#lines });
  note = (order: Order, context: Context): Empty => this.#write(`note ${order.what} ${JSON.stringify(context.binding ?? null)}`);
  fire = (order: Order): Empty => this.#write(`fire ${order.what}`);
  queue = (order: Order): Empty => this.#write(`queue ${order.what}`);
  tick = (tick: CronTick): Empty => this.#write(`tick ${tick.trigger}`);
  changed = (change: StateChange): Empty => this.#write(`changed ${change.eventType} ${change.key}`);
  streamed = (event: StreamEvent): Empty => this.#write(`streamed ${event.event?.type} ${event.groupId}`);
  own = (order: Order): Empty => this.#write(`own ${order.what}`);

  raw = (request: HttpRequest, context: Context) =>
    create(HttpResponseSchema, {
      statusCode: 201,
      headers: { "x-owner": String(context.metadata["owner"]), "x-id": request.pathParams["id"] ?? "" },
      body: { kind: { case: "stringValue", value: request.requestBody?.direction ?? "none" } },
      moreHeaders: [{ name: "set-cookie", value: "a=1" }, { name: "set-cookie", value: "b=2" }],
    });

  #write(line: string): Empty {
    this.#lines.push(line);
    return create(EmptySchema);
  }
}

type Told = { client: "lab" | "mirror"; method: string; request: JsonValue; options?: object; how?: "void" | "enqueue" };

/** Calls through a generated client; the request and the response as JSON, an error as what it says of itself. */
async function call(iii: Worker, { client, method, request, options, how }: Told): Promise<unknown> {
  const clients = { lab: new LabClient(iii), mirror: new MirrorClient(iii) };
  const schema = method === "act" || method === "note" || method === "fire" || method === "queue" ? OrderSchema : SampleSchema;
  const typed = (clients[client] as unknown as { [name: string]: LabClient["echo"] })[method];
  if (typed === undefined) throw new Error(`no method ${method}`);
  try {
    const message = fromJson(schema, request, { registry }) as Sample;
    if (how === "void") return { result: (await typed.void(message, options)) ?? null };
    if (how === "enqueue") return { result: await typed.enqueue(message, options) };
    const response = await typed(message, options);
    return { result: toJson(response.$typeName === "lab.v1.Sample" ? SampleSchema : response.$typeName === "lab.v1.Report" ? ReportSchema : EmptySchema, response as never, { registry }) };
  } catch (error) {
    if (error instanceof ContractError) return { contract: { functionId: error.functionId, side: error.side, path: error.path, problem: error.problem } };
    if (error instanceof StatusError) return { status: { code: error.code, message: error.message, details: error.details } };
    const { name, message, code } = error as { name: string; message: string; code?: string };
    return { error: { name, message, code: code ?? null } };
  }
}

async function main(): Promise<void> {
  const stop = (): void => void worker.shutdown().finally(() => process.exit(0));
  process.once("SIGTERM", stop);
  worker.registerFunction("ts::call", (data) => call(worker, data as Told));
  await serveTape(worker);
  const { functionIds } = await registerLab(worker, new Lab());
  process.stderr.write(`ready: ${functionIds.join(", ")}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
