import { statSync } from "node:fs"
import { join } from "node:path"
import { defineCommand } from "../command.js"
import { createProject, nextCommands } from "../init/init.js"
import { cloneDirectory, version } from "../init/own-package.js"
import { print } from "../terminal/output.js"

/** `fabra init`: a project to start from. */
export const initCommand = () =>
  defineCommand({
    name: "init [dir]",
    summary: "make a project to start from: TypeScript, one event, two features, a test",
    examples: [["fabra init shop", "then: cd shop && npm install, npm run dev"]],
    async run({ options }, dir = ".") {
      const files = createProject(dir, version).filter((file) => statSync(join(dir, file)).isFile())
      const commands = nextCommands(dir, cloneDirectory())
      print(options.json, { directory: dir, files, next: commands }, () =>
        [...files.map((file) => `  ${file}`), "", "Now:", ...commands.map((line) => `  ${line}`)].join("\n"),
      )
    },
  })
