import { defineCommand } from "../command.js"
import type { Check } from "../doctor/check.js"
import { localChecks } from "../doctor/local-checks.js"
import { workChecks } from "../doctor/work-checks.js"
import { adapterSettings, onRedis } from "../project/adapters.js"
import { type DocumentSettings, documentSettings } from "../project/documents.js"
import type { Settings } from "../settings/table.js"
import { exitCodes } from "../terminal/exit-codes.js"
import { print, say } from "../terminal/output.js"

const settings = ["features", ...adapterSettings, ...documentSettings, "group"] as const

/** `fabra doctor`: looks at everything fabra needs, and says how to mend what is amiss. */
export const doctorCommand = () =>
  defineCommand<(typeof settings)[number], { readonly acl?: boolean }>({
    name: "doctor [file]",
    summary: "check everything fabra needs; each line says how to mend it",
    settings,
    setUp: (command) =>
      command.option("--acl", "only print what the Redis user must be allowed, for redis-cli; connects to nothing"),
    examples: [
      ["fabra doctor features.ts", "look at all there is"],
      ["fabra doctor --redis-url redis://db:6379", "at another Redis"],
      ["fabra doctor --acl --namespace shop | redis-cli", "allow the user fabra what the namespace needs"],
    ],
    async run({ settings, options }, file?: string) {
      if (options.acl) return await printAccess(settings, options.json)
      const found: Check[] = []
      for await (const check of checks({ ...settings, features: file ?? settings.features })) {
        found.push(check)
        if (!options.json) print(false, check, () => line(check))
      }
      if (options.json) print(true, found, () => "")
      if (found.some(({ status }) => status === "fail")) process.exitCode = exitCodes.failed.code
    },
  })

async function* checks(
  settings: Settings<"features" | "group" | (typeof adapterSettings)[number]> & DocumentSettings,
): AsyncGenerator<Check> {
  const store = yield* localChecks(settings.features)
  const asksSql = [...(store?.registry.scheduledHandlers.values() ?? [])].some(({ sql }) => sql !== undefined)
  if (settings.postgresUrl !== undefined || store?.registry.indexes.size || asksSql) {
    const { postgresChecks } = await import("../doctor/postgres-checks.js") // loads the driver
    yield* postgresChecks(settings, store)
  }
  const { redisChecks } = await import("../doctor/redis-checks.js") // loads the driver
  const isUsed = yield* redisChecks(settings)
  if (isUsed) yield* workChecks(onRedis(settings), settings.group)
}

async function printAccess({ redisUrl, namespace }: Settings<"redisUrl" | "namespace">, json: boolean): Promise<void> {
  const { accessRule } = await import("../doctor/redis-access.js") // loads the driver
  const access = accessRule(redisUrl, namespace)
  print(json, access, () => access.rule)
  if (!json) say(`The rule sets no password. Where the user has none: ACL SETUSER ${access.user} >a-long-password`)
}

function line({ name, status, found, mend }: Check): string {
  return `${status.padEnd(4)}  ${name.padEnd(13)}  ${found}${mend === undefined ? "" : `\n${" ".repeat(21)}→ ${mend}`}`
}
