// Commands in a page, and what they print.
import { execFile } from "node:child_process"
import { promisify } from "node:util"

/** A command of a ```console block: `$ ` and indented lines that go on, then what it prints. */
export interface Command {
  readonly command: string
  readonly output: string
}

export function commandsOf(markdown: string): Command[] {
  return [...markdown.matchAll(/^```console\n(.*?)^```$/gms)].flatMap(([, block = ""]) =>
    [...block.matchAll(/^\$ (.*\n(?:[ ].*\n)*)((?:(?!\$ ).*\n)*)/gm)].map(([, command = "", output = ""]) => ({
      command: command.trimEnd(),
      output: output.trimEnd(),
    })),
  )
}

/** Runs a command against a server at `url` instead of the one on the page. */
export async function run(command: string, url: string): Promise<string> {
  const { stdout } = await promisify(execFile)("bash", ["-c", command.replaceAll("http://localhost:8000", url)])
  return stdout.trimEnd()
}

/** The output as data, with what differs each time replaced: ids that were made up, times and ages. */
export function settle(output: string): unknown {
  const settled = output
    .replace(/\bevt_[0-9a-z]{26}\b/g, "evt_…")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "…")
    .replace(/("(?:oldest_age_ms|owned_ms|events)": ?)(?:null|\d+)\b/g, '$1"…"')
    .replace(/("position": ?)"[^"]*"/g, '$1"…"')
    .replace(/("score": ?)[\d.e-]+/g, '$1"…"')
  try {
    return JSON.parse(settled)
  } catch {
    return settled
  }
}
