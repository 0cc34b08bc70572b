// Ajv as a process: a line of JSON in, a line of JSON out, until the input ends.
// {"dialect", "schema"} -> {"id"}; {"id", "document": text} -> {"valid"}; whatever goes wrong -> {"error"}.
import readline from "node:readline";

import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020.js";

const complain = (...parts) => {
  throw new Error(parts.join(" "));
};
const options = {
  strict: true, // every strictness there is; what Ajv would only log is an error too
  formats: { "date-time": true },
  logger: { log: complain, warn: complain, error: complain },
};
const dialects = { "2020-12": new Ajv2020(options), "draft-07": new Ajv(options) };
const validators = [];

function answer(question) {
  if ("schema" in question) {
    validators.push(dialects[question.dialect].compile(question.schema));
    return { id: validators.length - 1 };
  }
  return { valid: validators[question.id](JSON.parse(question.document)) };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = answer(JSON.parse(line));
  } catch (error) {
    reply = { error: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
