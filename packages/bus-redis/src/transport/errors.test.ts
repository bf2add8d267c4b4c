import { BusFullError, FabraError } from "@fabra/events"
import { expect, test } from "vitest"
import { isPassing, isReply, NoAnswer, NotConnected, outcomeOf, toBusError, toPublishError } from "./errors.js"

const reply = (message: string) => Object.assign(new Error(message), { name: "ReplyError" })
const lost = Object.assign(new Error("Reached the max retries per request limit (which is 0)."), {
  name: "MaxRetriesPerRequestError",
})
const notWriteable = new Error("Stream isn't writeable and enableOfflineQueue options is false")

test("knows what may have been done", () => {
  expect([reply("ERR no"), new NotConnected(""), notWriteable, new NoAnswer(""), lost].map(outcomeOf)).toEqual([
    ...["refused", "not_sent", "not_sent"],
    ...["unknown", "unknown"],
  ])
})

test("knows what passes by itself", () => {
  const passing = [
    "LOADING Redis is loading",
    "READONLY You can't write",
    "MOVED 1 127.0.0.1:1",
    "TRYAGAIN Multiple keys",
  ]
  expect(passing.map((message) => isPassing(reply(message)))).toEqual([true, true, true, true])
  expect([reply("OOM command"), reply("NOAUTH Authentication"), lost].map(isPassing)).toEqual([false, false, false])
  expect(isReply(reply("NOSCRIPT No matching script."), "NOSCRIPT")).toBe(true)
  expect(isReply(new Error("NOSCRIPT No matching script."), "NOSCRIPT")).toBe(false)
})

test("sees through what Redis 6 puts around a refusal within a script", () => {
  const within = (word: string) =>
    reply(`ERR Error running script (call to f_1a): @user_script:9: @user_script: 9: -${word} what it says.`)
  expect(isPassing(within("READONLY"))).toBe(true)
  expect(toPublishError(within("OOM"), false)).toBeInstanceOf(BusFullError)
  expect(toBusError(reply("ERR Error running script (call to f_1a): @user_script:1: nil"))).toMatchObject({
    code: "internal",
  })
})

test("speaks to users of what happened, not of the driver's settings", () => {
  expect(toBusError(lost)).toMatchObject({ code: "bus_unavailable", message: "Redis: the connection was lost" })
  expect(toBusError(notWriteable)).toMatchObject({ message: "Redis: there is no connection" })
  expect(toBusError(reply("WRONGTYPE Operation against"))).toMatchObject({ code: "internal" })
  expect(toBusError(reply("NOAUTH Authentication required."))).toMatchObject({ code: "bus_unavailable" })
})

test("of a publish says whether it may have been taken", () => {
  expect(toPublishError(reply("OOM command not allowed"), false)).toBeInstanceOf(BusFullError)
  expect(toPublishError(reply("OOM command not allowed"), true)).toMatchObject({ code: "publish_unknown" })
  expect(toPublishError(new NotConnected("connect ECONNREFUSED"), false)).toMatchObject({ code: "bus_unavailable" })
  expect(toPublishError(lost, true)).toMatchObject({ code: "publish_unknown", cause: lost })
  const closed = new FabraError("bus_closed", "The bus is closed.")
  expect(toPublishError(closed, false)).toMatchObject({ code: "bus_closed", message: closed.message, cause: closed })
  expect(toPublishError(closed, true)).toMatchObject({ code: "publish_unknown" })
})
