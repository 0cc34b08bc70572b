// An HTTP/2 client that sends what no gRPC client would: the requests it is told of on the standard input, each on a
// connection of its own. It says on the output how each ended. One that gets no answer is given up when it has been patient.
import { once } from "node:events";
import http2 from "node:http2";
import { readFileSync } from "node:fs";

const make = ({ address, request: { headers, body, end, patience } }) =>
  new Promise(async (resolve) => {
    const session = http2.connect(`http://${address}`);
    await once(session, "remoteSettings"); // limits hold from here on
    session.on("error", () => {});
    const outcome = { headers: {}, trailers: {} };
    const stream = session.request(headers, { endStream: end && body.length === 0 });
    stream.on("response", (received) => (outcome.headers = { ...received }));
    stream.on("trailers", (received) => (outcome.trailers = { ...received }));
    stream.on("error", () => {});
    stream.on("data", () => {});
    stream.setTimeout(patience, () => stream.close(http2.constants.NGHTTP2_CANCEL));
    stream.on("close", () => {
      session.destroy();
      resolve(outcome);
    });
    for (const piece of body) stream.write(Buffer.from(piece, "base64"));
    if (end && body.length > 0) stream.end();
  });

const jobs = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(await Promise.all(jobs.map(make))));
