import { faultsOf } from "./streams.js"

// npx tsx packages/aggregates/test/main.ts [streams] [first seed]: compares random streams with what is computed directly.
const [streams = 10_000, from = 1] = process.argv.slice(2).map(Number)
let wrong = 0
for (let seed = from; seed < from + streams; seed++) {
  const faults = faultsOf(seed)
  if (faults.length > 0) console.log(faults.slice(0, 3).join("\n"))
  wrong += faults.length
}
console.log(`${streams} streams: ${wrong} values wrong`)
process.exitCode = wrong === 0 ? 0 : 1
