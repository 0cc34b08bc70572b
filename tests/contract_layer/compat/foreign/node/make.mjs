// Prints the schemas of an order as Zod workers register them: Zod 3 through zod-to-json-schema, Zod 4 itself.
import * as z3 from "zod/v3";
import * as z4 from "zod";
import { zodToJsonSchema } from "zod-to-json-schema";

function models(z, recursive) {
  const Money = z.object({ currency: z.enum(["EUR", "USD"]), units: z.number().int() });
  const Card = z.object({ kind: z.literal("card"), number: z.string().regex(/^[0-9]{12,19}$/) });
  const Cash = z.object({ kind: z.literal("cash") });
  const Line = recursive(z);
  return z.object({
    id: z.string(),
    lines: z.array(Line).min(1),
    total: Money,
    note: z.string().nullable().optional(),
    attributes: z.record(z.string(), z.string()).default({}),
    weight: z.number().default(0),
    placed: z.string().datetime(),
    payment: z.discriminatedUnion("kind", [Card, Cash]),
  });
}

const line = (z) => ({ sku: z.string().min(1).max(40), quantity: z.number().int().positive().max(1000) });
const Order3 = models(z3, (z) => {
  const Line = z.object({ ...line(z), parts: z.lazy(() => z.array(Line)).default([]) });
  return Line;
});
const Order4 = models(z4, (z) => {
  const Line = z.object({ ...line(z), get parts() { return z.array(Line).default([]); } });
  return Line;
});

console.log(JSON.stringify({
  zod_3: zodToJsonSchema(Order3),
  zod_4_input: z4.toJSONSchema(Order4, { io: "input" }),
  zod_4_output: z4.toJSONSchema(Order4),
  zod_4_draft_7: z4.toJSONSchema(Order4, { io: "input", target: "draft-7" }),
}));
