import { defineCommand } from "../command.js"
import { showSetting, sourceOf } from "../settings/options.js"
import { type SettingName, settings } from "../settings/table.js"
import { print, table } from "../terminal/output.js"

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
      const rows = names.map((name) => {
        const value: unknown = command.getOptionValue(name)
        const { env: variable, description } = settings[name]
        return { variable, value, shown: showSetting(name, value), source: sourceOf(command, name), description }
      })
      const json = rows.map(({ variable, value, shown, source, description }) => {
        return { variable, value: value === undefined ? null : shown, source, description }
      })
      const cells = rows.map(({ variable, shown, source, description }) => [variable, shown, source, description])
      print(options.json, json, () => table(["variable", "value", "from", "meaning"], cells))
    },
  })
