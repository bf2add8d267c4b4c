import { expect, test } from "vitest"
import { setup } from "./support.js"

const fail = (): never => {
  throw new Error("not readable")
}

test.each<[string, unknown]>([
  ["an object without a prototype", Object.create(null)],
  ["an object whose toString throws", { toString: fail }],
  ["an error whose message throws", Object.defineProperty(new Error(), "message", { get: fail })],
  ["an error whose stack throws", Object.defineProperty(new Error(), "stack", { get: fail })],
  ["an error whose message is a list", Object.assign(new Error(), { message: ["a", "b"] })],
  ["a proxy that throws", new Proxy({}, { get: fail, has: fail, getPrototypeOf: fail })],
])("a handler that throws %s goes to the dead-letter queue, and the worker goes on", async (_, thrown) => {
  const { store, User, bus, start, publish } = setup()
  const compute = () => {
    throw thrown
  }
  store.feature("bad", { entity: User, trigger: "x", maxRetries: 1, compute })
  store.feature("bad_later", { entity: User, trigger: "x", maxRetries: 1, compute: async () => compute() })
  const good = store.feature("good", { entity: User, trigger: "x", initial: 0, compute: (_i, _e, c) => c.current + 1 })
  const { worker } = start()
  await publish("x", "ann")
  await worker.idle()
  await publish("x", "ann")
  await worker.idle()
  expect(await store.getFeature(good, "ann")).toBe(2)
  const letters = (await bus.deadLetters.list()).entries
  expect(letters.map(({ features }) => features[0]).sort()).toEqual(["bad", "bad", "bad_later", "bad_later"])
  for (const { error } of letters) expect(typeof error.message).toBe("string")
})

test("a `when` that returns a promise is an error of its feature, which does not run", async () => {
  const { store, User, bus, start, publish } = setup()
  let runs = 0
  const answers = async (): Promise<boolean> => false
  const rejects = (): Promise<boolean> => Promise.reject(new Error("nobody waits for this"))
  for (const [name, when] of Object.entries({ answers, rejects })) {
    store.feature(name, { entity: User, trigger: "x", when: when as never, maxRetries: 1, compute: () => ++runs })
  }
  const { worker } = start()
  await publish("x", "ann")
  await worker.idle()
  expect(runs).toBe(0)
  const letters = (await bus.deadLetters.list()).entries
  expect(letters.map(({ attempts }) => attempts)).toEqual([2, 2])
  expect(letters[0]?.error.message).toBe(
    '"when" of "answers" returned a promise; it must return true or false. Await in "compute" instead.',
  )
})
