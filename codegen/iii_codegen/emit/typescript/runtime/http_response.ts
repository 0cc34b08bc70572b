// What a method that takes the engine's request as it is answers it with.

import type { Json, JsonMembers } from "./contract.js";
import { isMembers } from "./status.js";

/** An iii_bridge.v1.HttpResponse as the engine's http takes it: headers by name, or as lines that may share one. */
export function httpResponse(data: JsonMembers): Json {
  const { status_code, headers, body, more_headers: more } = data;
  const shown: JsonMembers = {
    ...(status_code === undefined || status_code === null ? {} : { status_code }),
    ...(body === undefined ? {} : { body }),
  };
  const named = isMembers(headers) ? headers : {};
  if (!Array.isArray(more) || more.length === 0) return { ...shown, headers: named };
  const lines = Object.entries(named).map(([name, value]) => `${name}: ${String(value)}`);
  const further = more.map((line) => (isMembers(line) ? `${String(line["name"])}: ${String(line["value"])}` : ""));
  return { ...shown, headers: [...lines, ...further] };
}
