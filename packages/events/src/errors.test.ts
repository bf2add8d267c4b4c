import { expect, test } from "vitest"
import { errorTexts } from "./error-texts.js"
import { BusFullError, FabraError } from "./errors.js"

test("tells code, path and issues", () => {
  const cause = new Error("cause")
  const error = new FabraError("invalid_event", "wrong", { path: "payload.a", allowed: ["b"], cause })
  expect(error).toMatchObject({ name: "FabraError", code: "invalid_event", path: "payload.a", allowed: ["b"], cause })
  expect(error.issues).toEqual([{ path: "payload.a", message: "wrong" }])
  expect(new FabraError("internal", "wrong").issues).toEqual([])
  expect("cause" in new FabraError("internal", "wrong")).toBe(false)
})

test("is known across installed copies by its brand", () => {
  const other = Object.assign(new Error("of another copy"), { code: "bus_full" })
  expect(other instanceof FabraError).toBe(false)
  Object.defineProperty(other, Symbol.for("fabra.error"), { value: true })
  expect(other instanceof FabraError).toBe(true)
  expect(other instanceof BusFullError).toBe(true)
  expect(FabraError.from(other)).toBe(other)
})

test.each([null, undefined, "text", 5, {}, new Error("other")])("does not take %s for its own", (value) => {
  expect(value instanceof FabraError).toBe(false)
  expect(value instanceof BusFullError).toBe(false)
})

test("tells a full bus from other errors", () => {
  const full = new BusFullError("full")
  expect(full).toMatchObject({ name: "BusFullError", code: "bus_full" })
  expect(full instanceof FabraError).toBe(true)
  expect(new FabraError("bus_full", "full") instanceof BusFullError).toBe(true)
  expect(new FabraError("bus_closed", "closed") instanceof BusFullError).toBe(false)
})

const fail = (what: string): never => {
  throw new Error(what)
}
const proxy = new Proxy(
  {},
  {
    get: () => fail("get"),
    has: () => fail("has"),
    getPrototypeOf: () => fail("getPrototypeOf"),
  },
)

test.each([
  ["an object without a prototype", Object.create(null)],
  ["an object whose toString throws", { toString: () => fail("toString") }],
  ["an error whose message throws", Object.defineProperty(new Error(), "message", { get: () => fail("message") })],
  ["a proxy that throws", proxy],
])("describes %s without throwing", (_, thrown) => {
  const message = "What was thrown has no readable message."
  expect(errorTexts(thrown)).toMatchObject({ name: "Error", message })
  expect(FabraError.from(thrown)).toMatchObject({ code: "internal", message })
  expect(thrown instanceof BusFullError).toBe(false)
})

test("describes an error by texts, whatever its properties hold", () => {
  const odd = Object.assign(new Error(), { name: null, message: ["a", "b"], stack: {} })
  expect(errorTexts(odd)).toEqual({ name: "Error", message: "a,b" })
  expect(errorTexts(new TypeError("x"))).toMatchObject({
    name: "TypeError",
    message: "x",
    stack: expect.any(String),
  })
  expect(errorTexts(Symbol("x"))).toEqual({ name: "Error", message: "Symbol(x)" })
})

test("makes one of anything that was thrown", () => {
  const thrown = new TypeError("other")
  expect(FabraError.from(thrown)).toMatchObject({ code: "internal", message: "other", cause: thrown })
  expect(FabraError.from("text", "bus_unavailable")).toMatchObject({ code: "bus_unavailable", message: "text" })
  const own = new FabraError("not_found", "own")
  expect(FabraError.from(own, "internal")).toBe(own)
})

test("does not show its brand when it is printed", () => {
  expect(Object.getOwnPropertyDescriptor(new FabraError("internal", "a"), Symbol.for("fabra.error"))).toMatchObject({
    enumerable: false,
  })
})
