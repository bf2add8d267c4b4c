import { startRedisServer } from "@fabra/testing"
import { expect, onTestFinished, test } from "vitest"
import { mendFor } from "../src/doctor/redis-checks.js"
import { fabra } from "./fabra.js"

test.each([
  ["WRONGPASS invalid username-password pair or user is disabled.", /correct the user or the password/],
  ["NOPERM this user has no permissions to run the 'info' command", /ACL SETUSER/],
  ["ERR DB index is out of range", /name a database that this Redis has/],
  ["self-signed certificate in certificate chain", /FABRA_REDIS_CA/],
  ["unable to verify the first certificate", /FABRA_REDIS_CA/],
  ["write EPROTO 00:error:0A00010B:SSL routines:ssl3_get_record:wrong version number", /use redis:\/\//],
  ["getaddrinfo ENOTFOUND redis.example", /correct the host/],
  ["All sentinels are unreachable and retry is disabled.", /the name of the master/],
  ["connect ENOENT /run/redis.sock", /path of the socket/],
  ["connect ECONNREFUSED 127.0.0.1:1", /^start Redis/],
])("doctor's hint fits the cause: %s", (why, mend) => {
  expect(mendFor(why)).toMatch(mend)
})

test("doctor fails for a database that Redis does not have, which the driver takes for 0", async () => {
  const redis = await startRedisServer()
  onTestFinished(() => redis.stop())
  const url = new URL(redis.url)
  url.pathname = "/99"
  const { code, stdout } = await fabra(["doctor", "my_features.ts"], { env: { FABRA_REDIS_URL: url.href } })
  expect(stdout).toMatch(/^fail {2}redis .*DB index is out of range\n +→ name a database that this Redis has/m)
  expect(code).toBe(1)
})

test("doctor tells of memory that is full and of a replica that is required and not there", async () => {
  const redis = await startRedisServer({ args: ["--maxmemory", "1mb"] })
  onTestFinished(() => redis.stop())
  const env = { FABRA_REDIS_URL: redis.url, FABRA_BUS_REPLICAS: "required" }
  const { code, stdout } = await fabra(["doctor", "my_features.ts"], { env })
  expect(stdout).toMatch(
    /^(fail|warn) {2}memory .* of 1\.0 MB in use: .*no event is accepted\n +→ CONFIG SET maxmemory/m,
  )
  expect(stdout).toMatch(/^fail {2}replicas .*nothing is applied\n +→ start a replica/m)
  expect(code).toBe(1)
})

test("doctor warns when the last replica is gone", async () => {
  const redis = await startRedisServer({ args: ["--repl-diskless-sync-delay", "0"] })
  const replica = await startRedisServer({ args: ["--replicaof", `127.0.0.1 ${redis.port}`] })
  onTestFinished(() => redis.stop())
  const doctor = async () => (await fabra(["doctor", "my_features.ts"], { env: { FABRA_REDIS_URL: redis.url } })).stdout
  await expect.poll(doctor, { timeout: 30_000 }).toMatch(/^ok {4}replicas +1; /m)
  await replica.stop()
  await expect
    .poll(doctor, { timeout: 30_000 })
    .toMatch(/^warn {2}replicas +none now: .*apply nothing until it is back/m)
})
