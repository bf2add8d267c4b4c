import tab from "@bomb.sh/tab/commander"
import { Command } from "commander"
import { addExamples } from "./command.js"
import { apiKeyCommand } from "./commands/api-key.js"
import { configCommand } from "./commands/config.js"
import { devCommand } from "./commands/dev.js"
import { dlqCommand } from "./commands/dlq.js"
import { doctorCommand } from "./commands/doctor.js"
import { eraseCommand } from "./commands/erase.js"
import { featureCommand } from "./commands/feature.js"
import { featuresCommand } from "./commands/features.js"
import { findCommand } from "./commands/find.js"
import { getCommand } from "./commands/get.js"
import { groupCommand } from "./commands/group.js"
import { initCommand } from "./commands/init.js"
import { lagCommand } from "./commands/lag.js"
import { migrateCommand } from "./commands/migrate.js"
import { publishCommand } from "./commands/publish.js"
import { scheduleCommand } from "./commands/schedule.js"
import { searchCommand } from "./commands/search.js"
import { serveCommand } from "./commands/serve.js"
import { topologyCommand } from "./commands/topology.js"
import { watchCommand } from "./commands/watch.js"
import { workerCommand, workerProcessCommand } from "./commands/worker.js"
import { version } from "./init/own-package.js"
import { exitCodes } from "./terminal/exit-codes.js"

/** The whole command line. @param silent it tells nothing of its own errors, which it throws anyway */
export function createProgram({ silent = false } = {}): Command {
  const program = new Command("fabra")
    .description("Event-driven features: events in, fresh feature values out.")
    .version(version)
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .enablePositionalOptions()
  const groups = {
    "Begin:": [initCommand()],
    "Run:": [devCommand(), serveCommand(), workerCommand()],
    "Publish and read:": [publishCommand(), getCommand(), findCommand(), searchCommand(), watchCommand()],
    "Operate:": [
      migrateCommand(),
      lagCommand(),
      dlqCommand(),
      groupCommand(),
      featureCommand(),
      eraseCommand(),
      scheduleCommand(),
      doctorCommand(),
      apiKeyCommand(),
    ],
    "Look:": [featuresCommand(), topologyCommand(), configCommand()],
  }
  for (const [heading, commands] of Object.entries(groups)) {
    for (const command of commands) program.addCommand(command.helpGroup(heading))
  }
  program.addCommand(workerProcessCommand(), { hidden: true })
  addExamples(program, [
    ["fabra init shop", "a project to start from"],
    ["fabra dev features.ts", "everything in one process, nothing to install"],
  ])
  program.addHelpText(
    "after",
    `\nExit codes:\n${Object.values(exitCodes)
      .map(({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}`)
      .join("\n")}`,
  )
  tab(program)
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride()
    if (silent) command.configureOutput({ outputError: () => {} })
  }
  return program
}
