#!/usr/bin/env node
import { createProgram } from "./program.js"
import { warnUnknown } from "./settings/unknown.js"
import { exitCodeOf, exitCodes } from "./terminal/exit-codes.js"
import { say } from "./terminal/output.js"
import { describeError, errorToJson, firstError } from "./terminal/report-error.js"

// A setting that is set to nothing is not set.
for (const [name, value] of Object.entries(process.env)) {
  // Keys that are empty are refused where they are read: whoever set them does not mean to do without.
  if (name === "FABRA_API_KEYS") continue
  if (/^(FABRA|OPENAI)_/.test(name) && value?.trim() === "") delete process.env[name]
}
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader of our output, such as `head`, may close it early.
  if (error.code === "EPIPE") process.exit(exitCodes.ok.code)
  say(`error: The output cannot be written: ${error.message}.`)
  process.exit(exitCodes.failed.code)
})

const isChild = process.argv[2] === "worker-process" // whose parent has told already
for (const warning of isChild ? [] : warnUnknown(process.env)) say(`warning: ${warning}`)
const isJson = process.argv.includes("--json")
try {
  await createProgram({ silent: isJson }).parseAsync()
} catch (thrown) {
  const error = firstError(thrown)
  const isVerbose = process.argv.includes("--verbose")
  process.stderr.write(isJson ? errorToJson(error) : describeError(error, isVerbose))
  process.exitCode = exitCodeOf(error)
}
// What a user's module has opened must not keep a command that is done.
process.stdout.write("", (error) => error || process.exit()) // an error is told above
