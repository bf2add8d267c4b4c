#!/usr/bin/env node
import { main } from "./main.js"
import { exitCodes } from "./terminal/exit-codes.js"
import { say } from "./terminal/output.js"

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader of our output, such as `head`, may close it early.
  if (error.code === "EPIPE") process.exit(exitCodes.ok.code)
  say(`error: The output cannot be written: ${error.message}.`)
  process.exit(exitCodes.failed.code)
})

process.exitCode = await main(process.argv.slice(2))
// What a user's module has opened must not keep a command that is done.
process.stdout.write("", (error) => error || process.exit()) // an error is told above
