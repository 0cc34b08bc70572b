// A hand-written worker on the official Node SDK, whose schemas come from Zod: `node zod_worker.mjs URL`.
import { z } from 'zod'
import { registerWorker } from 'iii-sdk'

const Reserve = z.object({
  orderId: z.string().min(1),
  lines: z.array(z.object({ sku: z.string().describe('What is wanted.'), quantity: z.int().positive().max(1000) })).min(1),
  note: z.string().nullish(),
})
const Reservation = z.object({
  reservationId: z.string(),
  pieces: z.int(),
  state: z.enum(['HELD', 'REFUSED']),
})

const worker = registerWorker(process.argv[2], { workerName: 'typed-node', otel: { enabled: false }, enableMetricsReporting: false })
worker.registerFunction(
  'node::reserve',
  async (data) => {
    const { orderId, lines } = Reserve.parse(data)
    const pieces = lines.reduce((sum, line) => sum + line.quantity, 0)
    return Reservation.parse({ reservationId: `r-${orderId}`, pieces, state: 'HELD' })
  },
  {
    description: 'Reserves pieces.',
    request_format: z.toJSONSchema(Reserve, { io: 'input' }),
    response_format: z.toJSONSchema(Reservation),
  },
)
process.stdin.resume().on('end', () => worker.shutdown().then(() => process.exit(0)))
