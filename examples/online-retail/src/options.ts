import { randomBytes } from "node:crypto"
import { checkName } from "@fabra/events/adapter"
import { Command, InvalidArgumentError } from "commander"

/** What the command line says. */
export interface Options {
  readonly redis?: string
  readonly namespace: string
  readonly workers: number
  readonly limit?: number
  readonly keep: boolean
  readonly crash: boolean
  readonly metricsPort?: number
  readonly json: boolean
}

/** Reads the command line; ends the process with code 2 and a message when it makes no sense. */
export function readOptions(argv: readonly string[]): Options {
  const command = new Command("online-retail")
    .description("Turns the lines of a real shop's invoices into events and checks the features against the file.")
    .option("--redis <url>", "run on Redis, each worker in a process of its own; else all in this process", redisUrl)
    .option("--workers <n>", "worker processes (on Redis)", wholeNumber(100), 1)
    .option("--namespace <name>", "start of every key (on Redis); default: a new one", namespace)
    .option("--keep", "leave everything in Redis at the end", false)
    .option("--crash", "kill a worker half-way, without warning (on Redis)", false)
    .option(
      "--metrics-port <n>",
      "serve worker metrics at this port and those after it (on Redis)",
      wholeNumber(65_435),
    )
    .option("--limit <n>", "only the first n lines of the file", wholeNumber(Number.MAX_SAFE_INTEGER))
    .option("--json", "print one JSON object as the only line on standard output", false)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse(argv)
  const options = command.opts<Omit<Options, "namespace"> & { readonly namespace?: string }>()
  for (const [name, flag = name] of [
    ["workers"],
    ["namespace"],
    ["keep"],
    ["crash"],
    ["metricsPort", "metrics-port"],
  ]) {
    const isGiven = command.getOptionValueSource(name as string) === "cli"
    if (isGiven && options.redis === undefined) command.error(`error: --${flag} needs --redis <url>`)
  }
  return { ...options, namespace: options.namespace ?? `retail-${randomBytes(4).toString("hex")}` }
}

function wholeNumber(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= 1 && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from 1${max > 1e6 ? " on" : ` to ${max}`}.`)
  }
}

function redisUrl(text: string): string {
  if (/^rediss?:\/\//.test(text) && URL.canParse(text)) return text
  throw new InvalidArgumentError("It must read redis://host:port or rediss://host:port.")
}

function namespace(text: string): string {
  try {
    checkName("namespace", text)
    return text
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}
