import { expect, test } from "vitest"
import {
  Closed,
  isPassing,
  isReply,
  NoAnswer,
  NotConnected,
  outcomeOf,
  reasonOf,
  refusal,
  refusalOf,
} from "./errors.js"

const lost = Object.assign(new Error("Reached the max retries per request limit (which is 0)."), {
  name: "MaxRetriesPerRequestError",
})
const notWriteable = new Error("Stream isn't writeable and enableOfflineQueue options is false")

test("tells whether a command that failed may have run", () => {
  const errors = [
    refusal("ERR no"),
    new NotConnected(""),
    new Closed(),
    notWriteable,
    new NoAnswer(""),
    lost,
    new Error("Connection is closed."),
  ]
  expect(errors.map(outcomeOf)).toEqual([
    "refused",
    "not_sent",
    "not_sent",
    "not_sent",
    "unknown",
    "unknown",
    "unknown",
  ])
})

test.each([
  ["MOVED 1 127.0.0.1:1", "MOVED", true],
  ["ASK 1 127.0.0.1:1", "ASK", true],
  ["TRYAGAIN Multiple keys request during rehashing of slot", "TRYAGAIN", true],
  ["LOADING Redis is loading the dataset in memory", "LOADING", true],
  ["CLUSTERDOWN The cluster is down", "CLUSTERDOWN", true],
  ["MASTERDOWN Link with MASTER is down", "MASTERDOWN", true],
  ["READONLY You can't write against a read only replica.", "READONLY", true],
  ["NOSCRIPT No matching script. Please use EVAL.", "NOSCRIPT", false],
  ["OOM command not allowed when used memory > 'maxmemory'.", "OOM", false],
  ["NOAUTH Authentication required.", "NOAUTH", false],
  ["WRONGTYPE Operation against a key holding the wrong kind of value", "WRONGTYPE", false],
])("reads the refusal %j, and whether it passes", (message, word, passes) => {
  expect([refusalOf(refusal(message)), isPassing(refusal(message))]).toEqual([word, passes])
  expect([isReply(refusal(message), word), isReply(new Error(message), word)]).toEqual([true, false])
})

test("takes nothing but a refusal for one that passes", () => {
  expect([lost, notWriteable, new NoAnswer("")].map(isPassing)).toEqual([false, false, false])
})

test("says why a command failed without a word of the driver's settings", () => {
  expect(reasonOf(lost)).toBe("the connection was lost")
  expect(reasonOf(new Error("Connection is closed."))).toBe("the connection was lost")
  expect(reasonOf(notWriteable)).toBe("there is no connection")
  expect(reasonOf(refusal("OOM command"))).toBe("OOM command")
  expect(reasonOf("what a script reported")).toBe("what a script reported")
})
