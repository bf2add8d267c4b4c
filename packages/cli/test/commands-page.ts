import type { Command } from "commander"
import { createProgram } from "../src/program.js"

/** docs/commands.md: the help of every command. */
export function commandsPage(): string {
  const commands = createProgram().commands.filter(
    (command) => !["worker-process", "complete"].includes(command.name()),
  )
  const leaves = commands.flatMap((command) => (command.commands.length > 0 ? command.commands : [command]))
  return `# Commands

The help of every command, as \`fabra <command> --help\` prints it. How to use them: [the \`fabra\` command](cli.md).

${leaves.map(section).join("\n")}
This page is made from [\`packages/cli/src/commands\`](../packages/cli/src/commands): after a change,
\`npm run vitest -- run packages/cli/test/program.test.ts -u\`.
`
}

function section(command: Command): string {
  let help = ""
  // As wide as a block of code on a page.
  command.configureOutput({
    writeOut: (text) => (help += text),
    getOutHelpWidth: () => 110,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  const name = [command.parent?.parent && command.parent.name(), command.name()].filter(Boolean).join(" ")
  return `## ${name}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`
}
