import { FabraError } from "@fabra/events"
import { type Command, Option } from "commander"
import { showAddress } from "./show-address.js"
import { type Setting, type SettingName, type Settings, settings } from "./table.js"

/** Where a value came from. */
export type Source = "flag" | "environment" | "default"

/** Lets a command take settings as flags; commander fills in the environment and the defaults, and flags win. */
export function addSettings(command: Command, names: readonly SettingName[]): void {
  for (const name of names) {
    const setting: Setting = settings[name]
    const unset = setting.default === undefined && setting.defaultText !== undefined
    const option = new Option(setting.flag, setting.description + (unset ? `; default: ${setting.defaultText}` : ""))
      .env(setting.env)
      .argParser((text) => read(setting, text))
      .helpGroup("Settings:")
    option.attributeName = () => name
    if (setting.default !== undefined) option.default(setting.default, String(setting.default))
    command.addOption(option)
  }
}

function read({ env, flag, kind, secret }: Setting, text: string): unknown {
  try {
    return kind.read(text)
  } catch (error) {
    if (!secret) throw error
    // commander would repeat the text in its message.
    throw new FabraError("invalid_setting", `${flag} or ${env}: ${(error as Error).message}`, { path: env })
  }
}

/** The settings of a command that was given them by {@link addSettings}. */
export function settingsOf<Name extends SettingName>(command: Command, names: readonly Name[]): Settings<Name> {
  return Object.fromEntries(names.map((name) => [name, command.getOptionValue(name)])) as Settings<Name>
}

/** Where the value of a setting came from. */
export function sourceOf(command: Command, name: SettingName): Source {
  const source = command.getOptionValueSource(name)
  if (source === "cli") return "flag"
  return source === "env" ? "environment" : "default"
}

/** The settings as environment variables, for a process that is to have the same ones. */
export function toEnvironment(values: Partial<Settings>): Record<string, string> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([name, value]) => [settings[name as SettingName].env, String(value)]))
}

/** A value for people to see: of a secret no more than what tells two of them apart. */
export function showSetting(name: SettingName, value: unknown): string {
  const setting: Setting = settings[name]
  if (value === undefined) return setting.defaultText ?? ""
  if (!setting.secret) return String(value)
  return setting.kind.type.includes("://") ? showAddress(String(value)) : "***"
}
