import type { Command } from "commander"
import { defineCommand } from "../command.js"
import { print, table } from "../output.js"
import { showSetting, sourceOf } from "../settings/options.js"
import { type SettingName, settings } from "../settings/table.js"

const names = Object.keys(settings) as SettingName[]

/** `fabra config`: every setting, its value, and where it came from. */
export const configCommand = () =>
  defineCommand({
    name: "config",
    summary: "print every setting, its value, and where it came from",
    settings: names,
    examples: [
      ["fabra config", "as things are"],
      ["fabra config --port 9000 --json", "as they would be with a flag"],
    ],
    async run({ options, command }) {
      const rows = names.map((name) => describe(name, command))
      const cells = rows.map(({ variable, value, source, description }) => [
        variable,
        value ?? showSetting(name(variable), undefined),
        source,
        description,
      ])
      print(options.json, rows, () => table(["variable", "value", "from", "meaning"], cells))
    },
  })

function describe(name: SettingName, command: Command) {
  const { env, description } = settings[name]
  const value: unknown = command.getOptionValue(name)
  return {
    variable: env,
    value: value === undefined ? null : showSetting(name, value),
    source: sourceOf(command, name),
    description,
  }
}

function name(variable: string): SettingName {
  return names.find((one) => settings[one].env === variable) as SettingName
}
