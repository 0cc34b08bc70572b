// Workers of ledger.v1.LedgerService on the official Node SDK, each right but for one fault:
// `node faulty.mjs FAULT=URL…`, one engine for each. $LEDGER_SCHEMAS is a file with the schemas of the contract.
// Registered are schemas of what a worker does, as a library would make them of its types.
import { readFileSync } from 'node:fs'
import { registerWorker } from '../../../examples/typescript/node_modules/iii-sdk/dist/index.mjs'

const CONTRACT = JSON.parse(readFileSync(process.env.LEDGER_SCHEMAS, 'utf8'))
const SIDES = ['SIDE_UNSPECIFIED', 'SIDE_DEBIT', 'SIDE_CREDIT']
const same = (value) => value

function without(object, name) {
  const { [name]: _, ...rest } = object
  return rest
}

// A schema whose member `name` is another one, or none at all.
function altered(schema, name, properties) {
  const required = schema.required.filter((other) => other !== name)
  return { ...schema, properties: { ...without(schema.properties, name), ...properties }, required }
}

const FAULTS = {
  'none': {},
  'renamed-field': {
    answer: ({ cents, ...rest }) => ({ ...rest, amount: cents }),
    response: (schema) => altered(schema, 'cents', { amount: schema.properties.cents }),
  },
  'wrong-type': {
    answer: (posted) => ({ ...posted, cents: true }),
    response: (schema) => altered(schema, 'cents', { cents: { type: 'boolean' } }),
  },
  'rounded-integer': {
    answer: (posted) => ({ ...posted, cents: Number(posted.cents) }),
    response: (schema) => altered(schema, 'cents', { cents: { type: 'number' } }),
  },
  'missing-required': {
    answer: (posted) => without(posted, 'account'),
    response: (schema) => altered(schema, 'account', {}),
  },
  'extra-field': {
    answer: (posted) => ({ ...posted, memo: 'by hand' }),
    response: (schema) => altered(schema, '', { memo: { type: 'string' } }),
  },
  'wrong-enum': {
    answer: (posted) => ({ ...posted, side: 'SIDE_WAYS' }),
    response: (schema) => altered(schema, 'side', { side: { type: 'string', enum: ['SIDE_WAYS'] } }),
  },
  'wrong-route': { route: '/ledger/entry' },
  'missing-function': { count: false },
  // Of a contract that still had a currency.
  'stale-schema': {
    request: (schema) => ({
      ...schema,
      properties: { ...schema.properties, currency: { type: 'string' } },
      required: [...schema.required, 'currency'],
    }),
  },
}

function refused(problem) {
  const error = new Error(problem)
  error.stack = `Error: ${problem}\niii-status/1 ${JSON.stringify({ code: 'INVALID_ARGUMENT', message: problem, details: [] })}`
  return error
}

function int64(value) {
  if (typeof value === 'number' ? !Number.isInteger(value) : typeof value !== 'string' || !/^-?\d+$/.test(value)) {
    throw refused('cents is no integer')
  }
  const integer = BigInt(value)
  if (BigInt.asIntN(64, integer) !== integer) throw refused('cents is out of range')
  return integer
}

function posted({ account, cents = '0', side = 'SIDE_UNSPECIFIED' }) {
  if (typeof account !== 'string') throw refused('account is missing, or no text')
  const name = typeof side === 'number' ? SIDES[side] : SIDES.find((known) => known === side)
  if (name === undefined) throw refused('side is unknown')
  return { account, cents: int64(cents).toString(), side: name }
}

function serve(name, url) {
  const fault = FAULTS[name]
  if (fault === undefined) throw new Error(`no fault ${name}: there are ${Object.keys(FAULTS).join(', ')}`)
  const worker = registerWorker(url, { workerName: name, otel: { enabled: false }, enableMetricsReporting: false })
  const { answer = same, request = same, response = same, route = '/ledger/entries', count = true } = fault
  const { Post, Count } = CONTRACT
  worker.registerFunction('ledger::post', async (entry) => answer(posted(entry)), {
    request_format: request(Post.request),
    response_format: response(Post.response),
  })
  if (count) {
    worker.registerFunction('ledger::count', async () => ({ entries: 0 }), {
      request_format: Count.request,
      response_format: Count.response,
    })
  }
  worker.registerTrigger({ type: 'http', function_id: 'ledger::post', config: { api_path: route, http_method: 'POST' } })
}

for (const argument of process.argv.slice(2)) {
  const [name, ...url] = argument.split('=')
  serve(name, url.join('='))
}
