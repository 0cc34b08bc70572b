// Path templates of google.api.http, met with the engine's parameters, of which each stands for one segment.

import type { PathTemplate } from "./contract.js";

/** The value of each field path, percent-decoded; undefined when the verb is another one. */
export function bindPath(template: PathTemplate, path: string, values: readonly string[]): Map<string, string> | undefined {
  const waiting = [...values];
  const parts = path.split("/").filter((part) => part !== "");
  const texts = parts.map((part) => (part.startsWith(":") ? (waiting.shift() ?? "") : part));
  if (isVerbMatched(template)) {
    const last = texts.pop();
    const ending = `:${template.verb}`;
    if (last === undefined || !last.endsWith(ending)) return undefined;
    texts.push(last.slice(0, -ending.length));
  }
  const grown = texts.length - template.segments.length;
  return new Map(
    template.variables.map(({ fieldPath, start, end, spans }) => {
      const rest = template.segments.slice(start, end).includes("**") ? grown : 0;
      const taken = texts.slice(start, end + rest);
      return [fieldPath, spans ? decodedPath(taken) : decoded(taken[0] ?? "")];
    }),
  );
}

/** Whether the verb comes with a parameter, instead of being a literal of the engine's path. */
function isVerbMatched({ verb, segments }: PathTemplate): boolean {
  return verb !== "" && (segments.at(-1) === "*" || segments.at(-1) === "**");
}

/** Several segments as one value: decoded, but for the slashes that do not separate segments. */
function decodedPath(segments: readonly string[]): string {
  return segments.join("/").split(/(%2f)/i).map((piece) => (/^%2f$/i.test(piece) ? piece : decoded(piece))).join("");
}

/** What is no UTF-8 becomes the replacement character. */
function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString("utf8"));
}
