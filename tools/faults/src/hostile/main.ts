// npm run hostile -- [--requests 100000] [--per-second 1000] [--kind "unknown path"] [--json]
import { Command, InvalidArgumentError, Option } from "commander"
import { KINDS, type KindName } from "./kinds.js"
import { kindRow, report } from "./report.js"
import { runHostile } from "./run.js"

const names = Object.keys(KINDS) as KindName[]
const { kind, requests, perSecond, quiet, hold, json } = new Command("hostile")
  .description("Sends hostile requests to a server with 512 MB of heap, and measures what another client gets of it.")
  .option("--requests <n>", "how many, of all kinds together; those that are dear are fewer", positive, 10_000)
  .option("--per-second <n>", "at most so many of the cheap ones", positive, 1_000)
  .option("--quiet <seconds>", "how long the server is measured without them", positive, 15)
  .option("--hold <seconds>", "how long connections that nobody reads stay", positive, 5)
  .addOption(new Option("--kind <kind>", "only this kind").choices(names))
  .option("--json", "print one JSON object as the only line on standard output", false)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
  .opts<{ kind?: KindName; requests: number; perSecond: number; quiet: number; hold: number; json: boolean }>()

const result = await runHostile({
  kinds: kind === undefined ? names : [kind],
  requests,
  perSecond,
  quietMs: quiet * 1_000,
  holdMs: hold * 1_000,
  onKind: (done) => process.stderr.write(`${kindRow(done).join("  ")}\n`),
})
console.log(json ? JSON.stringify(result) : report(result))
process.exitCode = result.crashed === undefined && result.others.failed === 0 ? 0 : 1

function positive(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError("It must be a number above 0.")
}
