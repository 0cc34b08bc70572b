// Either end of streams on the official Node SDK, by docs/reference/streams.md alone.
// `theirs::drive` calls the functions watch::*; `theirs::serve` registers its own under these ids.
import { ChannelReader, ChannelWriter } from '../../../examples/typescript/node_modules/iii-sdk/dist/channel.mjs'

// Text arrives by callback: a queue makes an iteration of it, with null as the end of the channel.
async function* messages(reader) {
  const arrived = []
  let wake = () => {}
  const push = (item) => { arrived.push(item); wake() }
  reader.onMessage((text) => { if (text.trim()) push(JSON.parse(text)) })
  reader.stream.on('end', () => push(null)).on('error', () => push(null)).resume()
  let count = 0
  for (;;) {
    while (!arrived.length) await new Promise((done) => { wake = done })
    const item = arrived.shift()
    if (Array.isArray(item) && item[0] === 'end') {
      if (item[1] !== count) throw new Error(`${count} of ${item[1]} items arrived`)
      return
    }
    if (item === null) throw new Error('the stream was cut short')
    if (Array.isArray(item)) throw new Error(`the stream said ${item[0]}`)
    count += 1
    yield item
  }
}

const send = (writer, message) => writer.sendMessage(JSON.stringify(message))

async function watch(data) {
  const { responses } = data['iii-bridge']
  for (let number = 0; number < data.limit; number++) send(responses, { orderId: data.orderId, total: String(number) })
  if (data.orderId === 'fail') throw new Error('enough')
  if (data.orderId === 'wrong') send(responses, { orderId: 7 })
  responses.close()
  return { items: data.limit + (['short', 'wrong'].includes(data.orderId) ? 1 : 0) }
}

async function upload(data) {
  let total = 0n
  for await (const request of messages(data['iii-bridge'].requests)) total += BigInt(request.quantity)
  return { orderId: 'all', total: String(total) }
}

async function chat(data) {
  const { requests, responses } = data['iii-bridge']
  let count = 0
  for await (const request of messages(requests)) {
    send(responses, { orderId: request.sku, total: String(2 * Number(request.quantity)) })
    count += 1
  }
  responses.close()
  return { items: count }
}

async function drive(iii, url) {
  // references as an SDK writes them: the handle of an end is no JSON, so the engine's answer is asked for directly
  const create = () => iii.trigger({ function_id: 'engine::channels::create', payload: {} })
  const got = {}

  let down = await create()
  let seen = collect(new ChannelReader(url, down.reader))
  let result = await iii.trigger({
    function_id: 'watch::watch', payload: { orderId: 'n', limit: 100, 'iii-bridge': { responses: down.writer } },
  })
  got.watch = { result, totals: (await seen).map((item) => item.total) }

  let up = await create()
  let writer = new ChannelWriter(url, up.writer)
  const answer = iii.trigger({ function_id: 'watch::upload', payload: { 'iii-bridge': { requests: up.reader } } })
  for (let number = 0; number < 100; number++) send(writer, { sku: `s${number}`, quantity: String(number) })
  send(writer, ['end', 100])
  got.upload = await answer
  writer.close()

  up = await create()
  down = await create()
  writer = new ChannelWriter(url, up.writer)
  seen = collect(new ChannelReader(url, down.reader))
  result = iii.trigger({
    function_id: 'watch::chat', payload: { 'iii-bridge': { requests: up.reader, responses: down.writer } },
  })
  for (let number = 0; number < 100; number++) send(writer, { sku: `s${number}`, quantity: String(number) })
  send(writer, ['end', 100])
  got.chat = { result: await result, totals: (await seen).map((item) => item.total) }
  writer.close()
  return got
}

async function collect(reader) {
  const items = []
  for await (const item of messages(reader)) items.push(item)
  return items
}

export function streams(iii, url) {
  iii.registerFunction('theirs::drive', () => drive(iii, url))
  iii.registerFunction('theirs::serve', async () => {
    iii.registerFunction('watch::watch', watch)
    iii.registerFunction('watch::upload', upload)
    iii.registerFunction('watch::chat', chat)
    return {}
  })
}
