import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Application, type TypeDocOptions } from "typedoc"
import type { PluginOptions } from "typedoc-plugin-markdown"
import { files, read, root } from "./pages.js"
import { stage } from "./stage.js"

/** Makes the reference of every package from the comments of what it exports; what is wrong with them is thrown. */
export async function makeReference(): Promise<void> {
  const isPublished = (path: string) => !JSON.parse(read(path.replace(/src\/.*/, "package.json"))).private
  const entryPoints = files("packages/*/src/{index,conformance,embedded}.ts").filter(isPublished)
  const options: TypeDocOptions & Partial<PluginOptions> = {
    entryPoints: entryPoints.map((path) => join(root, path)),
    tsconfig: join(root, "tools/site/reference.tsconfig.json"),
    plugin: ["typedoc-plugin-markdown"],
    router: "module",
    out: join(stage, "api"),
    readme: "none",
    name: "API reference",
    entryFileName: "index",
    hidePageHeader: true,
    hideBreadcrumbs: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    disableSources: true,
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    typeDeclarationFormat: "table",
    logLevel: "Warn",
    validation: { invalidLink: true, notExported: false, notDocumented: false },
    treatWarningsAsErrors: true,
    skipErrorChecking: true, // `npm run typecheck` does it
  }
  const app = await Application.bootstrapWithPlugins(options)
  const project = await app.convert()
  if (project === undefined) throw new Error("The reference could not be made.")
  for (const child of project.children ?? []) child.name = nameOf(child.name)
  await app.generateOutputs(project)
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error("The reference has faults, see above.")
}

/** `core/src` → `@fabra/core`; `testing/src/conformance` → `@fabra/testing/conformance`. */
function nameOf(module: string): string {
  const [, directory = module, entry] = /^(?:packages\/)?([^/]+)(?:\/src(?:\/(?!index)(.*))?)?$/.exec(module) ?? []
  const { name } = JSON.parse(readFileSync(join(root, "packages", directory, "package.json"), "utf8"))
  return entry === undefined ? name : `${name}/${entry}`
}
