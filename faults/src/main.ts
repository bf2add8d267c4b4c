// npm run faults -- [--minutes 10] [--seed 1] [--fault kill] [--json]
import { once } from "node:events"
import { readOptions } from "./options.js"
import { report, trialLine } from "./report.js"
import { Totals } from "./totals.js"
import { runTrial } from "./trial.js"

const { minutes, seed, faults, json } = readOptions(process.argv)
const say = (text: string) => process.stderr.write(`${text}\n`)
const totals = new Totals()
let isOver = false
once(process, "SIGINT").then(() => {
  say("interrupted: the trial that runs is the last one")
  isOver = true
})

const end = performance.now() + (minutes ?? 0) * 60_000
for (let round = 0; !isOver && (round === 0 || performance.now() < end); round++) {
  for (const fault of faults) {
    if (isOver || (round > 0 && performance.now() >= end)) break
    const trial = await runTrial(fault, seed + round)
    totals.add(trial)
    say(trialLine(trial))
  }
}

const text = report(totals, faults)
if (json) {
  say(text)
  console.log(JSON.stringify(totals))
} else {
  console.log(text)
}
process.exitCode = totals.failing.length === 0 ? 0 : 1
