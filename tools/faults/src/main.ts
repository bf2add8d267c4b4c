// npm run faults -- [--minutes 10] [--seed 1] [--fault kill] [--json]
import { readOptions } from "./options.js"
import { report, trialLine } from "./report.js"
import { Totals } from "./totals.js"
import { runTrial } from "./trial.js"

const { minutes, seed, faults, json } = readOptions(process.argv)
const say = (text: string) => process.stderr.write(`${text}\n`)
const totals = new Totals()

process.once("SIGINT", () => {
  say("interrupted; the trial that ran does not count")
  finish()
  process.exit(130)
})

const end = performance.now() + (minutes ?? 0) * 60_000
try {
  for (let round = 0; round === 0 || performance.now() < end; round++) {
    for (const fault of faults) {
      if (round > 0 && performance.now() >= end) break
      const trial = await runTrial(fault, seed + round)
      totals.add(trial)
      say(trialLine(trial))
    }
  }
} finally {
  finish()
}

function finish(): void {
  const text = report(totals, faults)
  if (json) say(text)
  console.log(json ? JSON.stringify(totals) : text)
  process.exitCode = totals.failing.length === 0 ? 0 : 1
}
