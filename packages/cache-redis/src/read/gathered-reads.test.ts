import { expect, test } from "vitest"
import type { Reply, Request } from "../transport/delivery.js"
import { GatheredReads } from "./gathered-reads.js"

const request = (key: string): Request => ({ key, name: "HMGET", args: [key] })
const requests = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => request(`${prefix}${i}`))

function gather() {
  const sent: string[][] = []
  const reads = new GatheredReads(async (all) => {
    sent.push(all.map(({ key }) => key))
    return all.map(({ key }): Reply => ({ ok: true, value: key, epoch: "" }))
  })
  const read = async (asked: readonly Request[]) => (await reads.send(asked)).map((reply) => reply.ok && reply.value)
  return { sent, read }
}

test("what is asked for in one turn is sent together, and each is given its own", async () => {
  const { sent, read } = gather()
  const answers = await Promise.all([read(requests("a", 2)), Promise.resolve().then(() => read([request("b")]))])
  expect(answers).toEqual([["a0", "a1"], ["b"]])
  expect(await read([request("c")])).toEqual(["c"])
  expect(sent).toEqual([["a0", "a1", "b"], ["c"]])
})

test("what would be much together goes separately", async () => {
  const { sent, read } = gather()
  const answers = await Promise.all([read(requests("a", 60)), read(requests("b", 100)), read(requests("c", 10))])
  expect(answers.map((keys) => keys.length)).toEqual([60, 100, 10])
  expect(answers.map((keys) => keys.at(-1))).toEqual(["a59", "b99", "c9"])
  expect(sent.map((keys) => keys.length).sort()).toEqual([10, 100, 60])
})

test("when nothing can be sent, everybody is told", async () => {
  const reads = new GatheredReads(() => Promise.reject(new Error("closed")))
  const outcomes = await Promise.allSettled([reads.send([request("a")]), reads.send([request("b")])])
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"])
})
