// A gRPC client on @grpc/grpc-js that makes the calls it is told of on the standard input, and says on the output how each
// ended. Messages are those of a descriptor set, written as JSON; 64-bit integers as strings, bytes in base64.
import { readFileSync } from "node:fs";

import grpc from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";

const { address, descriptors, tls, calls } = JSON.parse(readFileSync(0, "utf8"));
const definition = loadFileDescriptorSetFromBuffer(Buffer.from(descriptors, "base64"), {
  longs: String,
  enums: String,
  bytes: String,
  defaults: true,
});
const pem = (text) => (text === undefined ? null : Buffer.from(text));
const credentials = tls
  ? grpc.credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.certificate))
  : grpc.credentials.createInsecure();
const client = new grpc.Client(address, credentials);

const pairs = (metadata) =>
  Object.entries(metadata.toJSON()).map(([name, values]) => [
    name,
    values.map((value) => (Buffer.isBuffer(value) ? value.toString("base64") : value)),
  ]);

function metadataOf(given = []) {
  const metadata = new grpc.Metadata();
  for (const [name, value] of given) metadata.add(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  return metadata;
}

// Makes one call; `cancelAfter` responses it is cancelled.
function make({ service, method, requests, metadata, seconds = 60, cancelAfter }) {
  const spec = definition[service][method];
  const options = { deadline: Date.now() + seconds * 1000 };
  const told = [spec.path, spec.requestSerialize, spec.responseDeserialize];
  const responses = [];
  return new Promise((resolve) => {
    const outcome = { responses, initial: [] };
    let answered;
    const unary = (error, response) => {
      if (response) responses.push(response);
    };
    if (spec.requestStream && spec.responseStream) answered = client.makeBidiStreamRequest(...told, metadataOf(metadata), options);
    else if (spec.requestStream) answered = client.makeClientStreamRequest(...told, metadataOf(metadata), options, unary);
    else if (spec.responseStream) answered = client.makeServerStreamRequest(...told, requests[0], metadataOf(metadata), options);
    else answered = client.makeUnaryRequest(...told, requests[0], metadataOf(metadata), options, unary);
    answered.on("metadata", (received) => (outcome.initial = pairs(received)));
    answered.on("error", () => {}); // the status says it
    answered.on("status", (status) =>
      setImmediate(() => resolve({ ...outcome, code: status.code, details: status.details, trailers: pairs(status.metadata) })),
    );
    if (spec.responseStream)
      answered.on("data", (response) => {
        responses.push(response);
        if (responses.length === cancelAfter) answered.cancel();
      });
    if (spec.requestStream) {
      for (const request of requests) answered.write(request);
      answered.end();
    }
  });
}

const outcomes = [];
for (const call of calls) outcomes.push(await make(call));
client.close();
process.stdout.write(JSON.stringify(outcomes));
