// A JSON Schema on the standard input, the TypeScript that json-schema-to-typescript makes of it on the output.
import { readFileSync } from "node:fs";

import { compile } from "json-schema-to-typescript";

const schema = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(await compile(schema, schema.title, { bannerComment: "" }));
