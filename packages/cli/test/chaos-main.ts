// 10,000 events through `fabra serve`, a worker killed and Redis restarted in the middle; after a build:
// npm run pnpm -- --filter @fabra/cli chaos [count]
import { startRedisServer } from "@fabra/testing"
import { chaos } from "./chaos.js"

const redis = await startRedisServer({ appendOnly: true })
const report = await chaos(redis, Number(process.argv[2] ?? 10_000), console.log)
await redis.stop()
console.log(JSON.stringify(report))
process.exitCode = report.wrong.length === 0 ? 0 : 1
