import { Command } from "commander"
import { addSettings, settingsOf } from "./settings/options.js"
import type { SettingName, Settings } from "./settings/table.js"

/** What a command's action gets. */
export interface Context<Name extends SettingName, Options> {
  readonly settings: Settings<Name>
  readonly options: Options & { readonly json: boolean; readonly verbose: boolean }
  readonly command: Command
}

/** A command as its file describes it. */
export interface CommandSpec<Name extends SettingName, Options> {
  /** As commander spells it: `get <entity> <id>`. */
  readonly name: string
  readonly summary: string
  /** More than the summary, for its own help. */
  readonly details?: string
  readonly settings?: readonly Name[]
  /** Adds options of its own. */
  readonly setUp?: (command: Command) => void
  /** Command lines, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[]
  readonly run: (context: Context<Name, Options>, ...args: any[]) => Promise<void>
}

/** Makes the commander command of a description, with what all commands have in common. */
export function defineCommand<Name extends SettingName = never, Options = object>(
  spec: CommandSpec<Name, Options>,
): Command {
  const [name = "", ...args] = spec.name.split(" ")
  const command = new Command(name).description(spec.summary)
  for (const arg of args) command.argument(arg)
  spec.setUp?.(command)
  command.option("--json", "print JSON on standard output")
  command.option("--verbose", "with an error, show its stack")
  addSettings(command, spec.settings ?? [])
  if (spec.details !== undefined) command.addHelpText("after", `\n${spec.details}`)
  addExamples(command, spec.examples)
  return command.action(async (...given: unknown[]) => {
    const raw = command.opts<Options & { json?: boolean; verbose?: boolean }>()
    const options = { ...raw, json: raw.json ?? false, verbose: raw.verbose ?? false }
    const settings = settingsOf(command, spec.settings ?? [])
    // commander passes the arguments, then the options and the command itself.
    await spec.run({ settings, options, command }, ...given.slice(0, args.length))
  })
}

/** Shows examples below a command's help. */
export function addExamples(command: Command, examples: CommandSpec<never, object>["examples"]): void {
  const width = Math.max(...examples.map(([line]) => line.length))
  const lines = examples.map(
    ([line, what]) => `  ${width > 60 ? `${line}\n      ${what}` : `${line.padEnd(width)}  ${what}`}`,
  )
  command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`)
}
