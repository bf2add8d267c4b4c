import { expect, test } from "vitest"
import { fateOf, isReadOnly } from "./errors.js"

const reply = (message: string) => Object.assign(new Error(message), { name: "ReplyError" })

test.each([
  ["MOVED 1 127.0.0.1:1", "moved"],
  ["ASK 1 127.0.0.1:1", "ask"],
  ["NOSCRIPT No matching script. Please use EVAL.", "noscript"],
  ["TRYAGAIN Multiple keys request during rehashing of slot", "refused"],
  ["LOADING Redis is loading the dataset in memory", "refused"],
  ["CLUSTERDOWN The cluster is down", "refused"],
  ["MASTERDOWN Link with MASTER is down", "refused"],
  ["READONLY You can't write against a read only replica.", "refused"],
  ["ERR Error running script (call to f_1a): @user_script:9: @user_script: 9: -READONLY You can't write.", "refused"],
  ["OOM command not allowed when used memory > 'maxmemory'.", "failed"],
  ["WRONGTYPE Operation against a key holding the wrong kind of value", "failed"],
])("knows what becomes of a command after %j", (message, fate) => {
  expect(fateOf(reply(message))).toBe(fate)
  expect(isReadOnly(reply(message))).toBe(message.includes("READONLY"))
})

test("nobody can tell what became of it when the connection broke", () => {
  expect(fateOf(new Error("Connection is closed."))).toBe("lost")
  expect(fateOf(new Error("Stream isn't writeable and enableOfflineQueue options is false"))).toBe("refused")
})
