import { createProgram } from "./program.js"
import { warnUnknown } from "./settings/unknown.js"
import { exitCodeOf, exitCodes } from "./terminal/exit-codes.js"
import { printableLines, say } from "./terminal/output.js"
import { describeError, errorToJson, firstError } from "./terminal/report-error.js"

/** Runs one command line, and writes what is wrong with it to standard error. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  unsetEmpty(process.env)
  const isChild = args[0] === "worker-process" // whose parent has told already
  for (const warning of isChild ? [] : warnUnknown(process.env)) say(`warning: ${warning}`)
  const isJson = args.includes("--json")
  try {
    await createProgram({ silent: isJson }).parseAsync(args, { from: "user" })
    return Number(process.exitCode ?? exitCodes.ok.code)
  } catch (thrown) {
    const error = firstError(thrown)
    process.stderr.write(isJson ? errorToJson(error) : printableLines(describeError(error, args.includes("--verbose"))))
    return exitCodeOf(error)
  }
}

/** A setting that is set to nothing is not set. */
function unsetEmpty(env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(env)) {
    // Empty keys are refused where they are read: whoever sets them does not mean to do without.
    if (name === "FABRA_API_KEYS") continue
    if (/^(FABRA|OPENAI)_/.test(name) && value?.trim() === "") delete env[name]
  }
}
