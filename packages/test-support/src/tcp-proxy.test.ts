import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { TcpProxy } from "./tcp-proxy.js"

const echo = createServer((socket) => socket.on("error", () => {}).pipe(socket))
let proxy: TcpProxy
let client: Socket
let received = ""

beforeAll(async () => {
  await once(echo.listen(0, "127.0.0.1"), "listening")
  proxy = await TcpProxy.to((echo.address() as AddressInfo).port)
})
afterEach(() => client.destroy())
afterAll(() => {
  proxy.close()
  echo.close()
})

async function open(): Promise<void> {
  received = ""
  client = connect(proxy.port, "127.0.0.1").setEncoding("utf8")
  client
    .on("error", () => {})
    .on("data", (text) => {
      received += text
    })
  await says("hello")
}

async function says(text: string): Promise<void> {
  client.write(text)
  await expect.poll(() => received).toContain(text)
}

test.each(["requests", "answers", "both"] as const)(
  "%s that were held up arrive late, none is missing",
  async (what) => {
    await open()
    proxy.hold(what)
    client.write("one ")
    client.write("two")
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(received).toBe("hello")
    proxy.release()
    await expect.poll(() => received).toBe("helloone two")
  },
)

test("a cut connection is reset, a new one works", async () => {
  await open()
  proxy.cut()
  await new Promise((resolve) => client.once("close", resolve))
  await open()
})

test("an abandoned connection stays open and silent, a new one works", async () => {
  await open()
  proxy.abandon()
  client.write("anybody?")
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect([received, client.destroyed]).toEqual(["hello", false])
  client.destroy()
  await open()
})

test("after the answers that may pass, the next breaks the connection; a new one works", async () => {
  await open()
  proxy.cutAfter(1)
  await says("one")
  client.write("two")
  await new Promise((resolve) => client.once("close", resolve))
  expect(received).toBe("helloone")
  await open()
})

test("new connections lead elsewhere", async () => {
  const other = createServer((socket) => socket.end("elsewhere"))
  await once(other.listen(0, "127.0.0.1"), "listening")
  await open()
  proxy.leadTo((other.address() as AddressInfo).port)
  await says("still here")
  client.destroy()
  client = connect(proxy.port, "127.0.0.1").setEncoding("utf8")
  expect((await once(client, "data"))[0]).toBe("elsewhere")
  other.close()
  proxy.leadTo((echo.address() as AddressInfo).port)
})
