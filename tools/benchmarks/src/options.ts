import { Command, InvalidArgumentError, Option } from "commander"
import { FULL, QUICK, type Sizes, SUITES, type SuiteName } from "./sizes.js"

/** What the command line says. */
export interface Options {
  readonly sizes: Sizes
  readonly suites: readonly SuiteName[]
  readonly json: boolean
  /** Whether docs/performance.md is written. */
  readonly write: boolean
}

/** Reads the command line; ends the process with a message when it makes no sense. */
export function readOptions(argv: readonly string[]): Options {
  const given = new Command("bench")
    .description("Measures Fabra side by side with what else one would take.")
    .option("--quick", "small sizes and few rounds: what the ratios need, in about a minute", false)
    .option("--json", "print all figures as one JSON object in the last line", false)
    .option("--events <n>", "events of the workload", wholeNumber)
    .option("--entities <n>", "entities of the workload", wholeNumber)
    .option("--rounds <n>", "how often each contender has its turn", wholeNumber)
    .addOption(new Option("--only <suites...>", "measure only these").choices(SUITES))
    .option("--write", "write the tables and plots to docs/performance.md", false)
    .parse(argv)
    .opts<{
      quick: boolean
      json: boolean
      write: boolean
      events?: number
      entities?: number
      rounds?: number
      only?: SuiteName[]
    }>()
  const sizes = given.quick ? QUICK : FULL
  const { events = sizes.workload.events, entities = sizes.workload.entities, rounds = sizes.rounds } = given
  return {
    sizes: { ...sizes, rounds, workload: { ...sizes.workload, events, entities } },
    suites: given.only ?? SUITES,
    json: given.json,
    write: given.write,
  }
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1) return value
  throw new InvalidArgumentError("It must be a whole number from 1 on.")
}
