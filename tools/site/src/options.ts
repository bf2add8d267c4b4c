import ts from "typescript"
import { read } from "./pages.js"

/** Names of the members of an interface, with those it extends in the same file. */
export function optionsOf(path: string, name: string): string[] {
  const source = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest)
  const interfaces = source.statements.filter(ts.isInterfaceDeclaration)
  const membersOf = (wanted: string): string[] => {
    const found = interfaces.find((one) => one.name.text === wanted)
    if (found === undefined) throw new Error(`${path} has no interface ${wanted}.`)
    const own = found.members.map((member) => member.name?.getText(source) ?? "")
    const parents = found.heritageClauses?.flatMap(({ types }) => types) ?? []
    return [...own, ...parents.flatMap(({ expression }) => membersOf(expression.getText(source)))]
  }
  return membersOf(name)
}
