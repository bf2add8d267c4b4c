import { afterAll, beforeAll, expect, test } from "vitest"
import type { HttpMethods } from "../src/http-process.js"
import { fillServed, httpServers } from "../src/http-servers.js"
import { Child } from "../src/lib/child.js"
import { type OwnRedis, startRedis } from "../src/lib/redis.js"
import { REQUESTS, type RequestName } from "../src/suites/serving.js"

let redis: OwnRedis
const children: Child<HttpMethods>[] = []
const urls: string[] = []

beforeAll(async () => {
  redis = await startRedis()
  await fillServed(redis.url)
  for (const { name } of httpServers.filter((one) => one.name !== "fabra_windows")) {
    const child = new Child<HttpMethods>("http-process")
    children.push(child)
    urls.push(await child.call("start", name, redis.url))
  }
})
afterAll(async () => {
  await Promise.all(children.map((child) => child.stop()))
  await redis.stop()
})

test.each(Object.keys(REQUESTS) as RequestName[])("both servers give the same answer to %s", async (name) => {
  const [request = {}] = REQUESTS[name]()
  const answers = urls.map(async (url) => {
    const { method, headers, body } = request
    const response = await fetch(url + request.path, { method, headers, body } as RequestInit)
    const text = (await response.text()).replaceAll(/"evt_\w+"/g, '"evt"')
    return { status: response.status, body: JSON.parse(text) }
  })
  const [fabra, bare] = await Promise.all(answers)
  expect(fabra).toEqual(bare)
  expect(fabra?.status).toBeLessThan(300)
})
