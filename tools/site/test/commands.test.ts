import { expect, test } from "vitest"
import { createProgram } from "../../../packages/cli/src/program.js"
import { type Block, blocks, pages, read } from "../src/pages.js"

const program = createProgram()
const scripts = Object.keys(JSON.parse(read("package.json")).scripts)

/** The command lines of a block, without prompt and comment; what a console prints is none. */
function lines({ language, code }: Block): string[] {
  const whole = code.replaceAll(/\\\n\s*/g, " ").split("\n")
  const typed = language === "console" ? whole.filter((line) => line.startsWith("$ ")) : whole
  return typed.flatMap((line) =>
    line
      .replace(/^\$ /, "")
      .replace(/\s#\s.*$/, "")
      .split(/\s(?:&&|\|)\s/),
  )
}

const typed = pages.flatMap((page) =>
  blocks(page)
    .filter(({ language }) => ["sh", "bash", "console"].includes(language))
    .flatMap((block) => lines(block).map((line) => ({ path: page.path, line: line.trim() }))),
)

const ofFabra = typed.flatMap(({ path, line }) => {
  const [, args] = /^(?:\w+=\S+ )*(?:npx |npm run -s )?(?:fabra|@fabra\/cli)(?: --)? (.*)$/.exec(line) ?? []
  return args === undefined ? [] : [{ path, args: args.match(/'[^']*'|"[^"]*"|\S+/g) ?? [] }]
})

test("every `fabra` on a page is a command with such flags", () => {
  expect(ofFabra.length).toBeGreaterThan(30)
  expect(ofFabra.filter(({ args }) => !isCommand(args)).map(({ path, args }) => `${path}: ${args.join(" ")}`)).toEqual(
    [],
  )
})

function isCommand(args: readonly string[]): boolean {
  let command = program
  for (const arg of args) command = command.commands.find((one) => one.name() === arg) ?? command
  const known = [...command.options.flatMap(({ long, short }) => [long, short]), "--help", "--version"]
  const flags = args.filter((arg) => /^--?[a-z]/.test(arg))
  return (command !== program || args[0] === "--help") && flags.every((flag) => known.includes(flag))
}

test("every `npm run` on a page is a script of the repository, or of the project that `fabra init` makes", () => {
  const ofProject = JSON.parse(read("packages/cli/templates/project/package.json")).scripts
  const known = [...scripts, ...Object.keys(ofProject)]
  const runs = typed.flatMap(({ path, line }) => {
    const [, script] = /^npm run (?:-s )?(\S+)/.exec(line) ?? []
    return script === undefined || known.includes(script) ? [] : [`${path}: ${line}`]
  })
  expect(runs).toEqual([])
})
