import type { Figures } from "./figures.js"
import { wrongEntitiesOf } from "./figures.js"
import { readOptions } from "./options.js"
import { ratiosOf } from "./ratios.js"
import { describeMachine } from "./report/machine.js"
import { allTables } from "./report/tables.js"
import { withContenders } from "./running-contenders.js"
import { measureGrowth } from "./suites/growth.js"
import { measureLatency } from "./suites/latency.js"
import { measurePublishing } from "./suites/publishing.js"
import { measureServing } from "./suites/serving.js"
import { measureThroughput } from "./suites/throughput.js"

const { sizes, suites, json, write } = readOptions(process.argv)
const say = (line: string) => process.stderr.write(`${line}\n`)

const ofContenders = await withContenders(sizes, async (contenders) => ({
  throughput: suites.includes("throughput") ? await measureThroughput(contenders, sizes, say) : [],
  latency: suites.includes("latency") ? await measureLatency(contenders, sizes, say) : [],
}))
const figures: Figures = {
  ...ofContenders,
  publishing: suites.includes("publishing") ? await measurePublishing(sizes, say) : [],
  serving: suites.includes("serving") ? await measureServing(sizes, say) : [],
  growth: suites.includes("growth") ? await measureGrowth(sizes, say) : [],
}
const machine = describeMachine()
const command = ["npm run bench --", ...process.argv.slice(2)].join(" ")

console.log(allTables(figures))
if (write) {
  const { writePage } = await import("./report/page.js") // its charts take a second to load
  await writePage(figures, machine, command)
}
if (json) {
  const ratios = ratiosOf(figures)
  console.log(JSON.stringify({ ratios, wrong_entities: wrongEntitiesOf(figures), machine, command, ...figures }))
}
