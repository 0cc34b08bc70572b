// A worker on the official Node SDK, told what to do line by line; `peers.py` says in which words.
import { createInterface } from 'node:readline'
import { TriggerAction, registerWorker } from '../../../examples/typescript/node_modules/iii-sdk/dist/index.mjs'
import { createChannel } from '../../../examples/typescript/node_modules/iii-sdk/dist/helpers.mjs'
import { streams } from './node_streams.mjs'

const [, , url, name] = process.argv
const worker = registerWorker(url, { workerName: name, otel: { enabled: false }, enableMetricsReporting: false })
const triggers = new Map()
const functions = new Map()
const say = (words) => process.stdout.write(JSON.stringify(words) + '\n')

const provider = {
  async registerTrigger({ id, function_id, config }) {
    say({ bound: id, function_id, config })
    if (config.refuse) throw new Error('no such hook')
  },
  async unregisterTrigger({ id }) { say({ unbound: id }) },
}

// Answers an http request over its channels: the whole body, twice.
async function stream({ request_body: reader, response: writer }) {
  const body = await reader.readAll()
  writer.sendMessage(JSON.stringify({ type: 'set_status', status_code: 202 }))
  writer.sendMessage(JSON.stringify({ type: 'set_headers', headers: { 'x-streamed': 'yes' } }))
  writer.stream.write(body)
  writer.stream.end(body)
}

const verbs = {
  function({ function_id, answer, result }) {
    let left = { 'fail twice': 2, fail: Infinity }[answer] ?? 0
    functions.set(function_id, worker.registerFunction(function_id, answer === 'stream' ? stream : async (data, metadata) => {
      if (data && typeof data === 'object') { delete data.request_body; delete data.response } // made objects by the SDK
      say({ called: function_id, data, metadata: metadata ?? null })
      if (answer === 'status') throw Object.assign(new Error('no'), { stack: `Error: no\n${result}` })
      if (left-- > 0) throw new Error('boom')
      return answer === 'echo' ? data : result
    }))
  },
  endpoint: ({ function_id, url }) => void functions.set(function_id, worker.registerFunction(function_id, { url })),
  unfunction({ function_id }) { functions.get(function_id).unregister(); functions.delete(function_id) },
  trigger: ({ name, kind, function_id, config, metadata }) =>
    void triggers.set(name, worker.registerTrigger({ type: kind, function_id, config, ...(metadata && { metadata }) })),
  untrigger({ name }) { triggers.get(name).unregister(); triggers.delete(name) },
  streams: () => streams(worker, url),
  type: ({ kind }) => void worker.registerTriggerType({ id: kind, description: 'tried' }, provider),
  untype: ({ kind }) => void worker.unregisterTriggerType({ id: kind, description: 'tried' }),
  async call({ function_id, payload, queue, void: silent, metadata, namespace }) {
    const action = queue !== undefined ? TriggerAction.Enqueue({ queue }) : silent ? TriggerAction.Void() : undefined
    try {
      say({ answer: (await worker.trigger({ function_id, payload, metadata, namespace, ...(action && { action }) })) ?? null })
    } catch (error) {
      say({ error: { code: error.code, message: error.message } })
    }
  },
  async channel({ text, size }) {
    const channel = await createChannel(worker)
    const texts = []
    channel.reader.onMessage((message) => texts.push(message))
    const read = channel.reader.readAll()
    channel.writer.sendMessage(text)
    channel.writer.stream.end(Buffer.alloc(size, 'x'))
    say({ answer: { bytes: (await read).length, texts } })
  },
}

say({ ready: true })
for await (const line of createInterface({ input: process.stdin })) {
  const words = JSON.parse(line)
  if (words.do === 'end') break
  await verbs[words.do](words)
  if (!['call', 'channel'].includes(words.do)) say({ done: words.do })
}
await worker.shutdown()
process.exit(0)
