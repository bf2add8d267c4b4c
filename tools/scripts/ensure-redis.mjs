// The tests start private Redis servers: see that there is a redis-server to start.
import { spawnSync } from "node:child_process"

const silently = { stdio: "ignore" }
const works = (command, ...args) => spawnSync(command, args, silently).status === 0
const hasRedis = () => works("redis-server", "--version")

if (!process.env.FABRA_TEST_REDIS_URL && !hasRedis()) {
  if (process.getuid?.() === 0 && works("apt-get", "--version")) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
    spawnSync("sh", ["-c", "apt-get update && apt-get install -y --no-install-recommends redis-server"], {
      ...silently,
      env,
    })
  }
  if (!hasRedis()) {
    console.error(
      "No redis-server found: install it (apt-get install redis-server, brew install redis) or set FABRA_TEST_REDIS_URL.",
    )
    process.exit(1)
  }
}
