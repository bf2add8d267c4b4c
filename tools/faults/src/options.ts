import { Command, InvalidArgumentError, Option } from "commander"
import { FAULTS, type FaultName } from "./kinds/index.js"

/** What the command line says. */
export interface Options {
  /** Trials are begun for so long; `undefined`: one of each kind. */
  readonly minutes?: number
  /** Of the first round; each further round takes the next one. */
  readonly seed: number
  readonly faults: readonly FaultName[]
  readonly json: boolean
}

/** Reads the command line; ends the process with code 2 and a message when it makes no sense. */
export function readOptions(argv: readonly string[]): Options {
  const names = Object.keys(FAULTS) as FaultName[]
  const { fault, ...options } = new Command("faults")
    .description(
      "Kills, freezes and cuts off real workers and real Redis servers, and checks that no event is the worse.",
    )
    .option("--minutes <m>", "go on for so long; without it: one trial of each kind", positive)
    .option("--seed <n>", "choose the faults of the first round by this number, of the next by the next", seed, 1)
    .addOption(new Option("--fault <kind>", "only this kind").choices(names))
    .option("--json", "print one JSON object as the only line on standard output", false)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse(argv)
    .opts<Omit<Options, "faults"> & { readonly fault?: FaultName }>()
  return { ...options, faults: fault === undefined ? names : [fault] }
}

function positive(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError("It must be a number above 0.")
}

function seed(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw new InvalidArgumentError("It must be a whole number from 0 on.")
}
