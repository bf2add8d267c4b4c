import { dirname, join } from "node:path"
import ts from "typescript"
import { type Block, blocks, type Page, root } from "./pages.js"

/** What the blocks of all pages may use without saying so, and what they import as a file of the reader's own. */
const PRELUDE = join(root, "tools/site/src/prelude.ts")

interface Unit {
  readonly page: Page
  readonly block: Block
  readonly file: string
  readonly source: ts.SourceFile
  readonly declared: ReadonlySet<string>
}

/**
 * Compiles every TypeScript block of these pages, each as a module, and returns what is wrong as `path:line: message`.
 * A block sees what the blocks before it on its page declare, and else the prelude.
 */
export function compileBlocks(pages: readonly Page[]): string[] {
  const units = pages.flatMap((page) =>
    blocks(page)
      .filter(({ language }) => language === "ts")
      .map((block) => parse(page, block)),
  )
  const texts = new Map(units.map((unit) => [unit.file, complete(unit, units)]))
  const { config } = ts.readConfigFile(join(root, "tsconfig.base.json"), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  Object.assign(options, {
    isolatedModules: false,
    verbatimModuleSyntax: false,
    types: ["node"],
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
  })
  const program = ts.createProgram([...texts.keys()], options, host(texts, options))
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, "\n")
    const unit = units.find((one) => one.file === file?.fileName)
    if (file === undefined || unit === undefined) return `${file?.fileName ?? "compiler"}: ${message}`
    return `${unit.page.path}:${unit.block.line + file.getLineAndCharacterOfPosition(start).line}: ${message}`
  })
}

function parse(page: Page, block: Block): Unit {
  const file = join(
    root,
    "tools/site/blocks",
    dirname(page.path),
    `${page.path.replaceAll(/\W/g, "-")}-${block.line}.ts`,
  )
  const source = ts.createSourceFile(file, block.code, ts.ScriptTarget.Latest, true)
  return { page, block, file, source, declared: new Set(source.statements.flatMap(namesOf)) }
}

/** The block with imports of what it uses of others before it, on its first line, and with all it declares exported. */
function complete({ page, block, source, declared }: Unit, units: readonly Unit[]): string {
  const used = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) used.add(node.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  const wanted = [...used].filter((name) => !declared.has(name))
  const before = units.filter((unit) => unit.page === page && unit.block.line < block.line).reverse()
  const imports = wanted.flatMap((name) => {
    const from = before.find((unit) => unit.declared.has(name))?.file ?? (inPrelude().has(name) ? PRELUDE : undefined)
    return from === undefined ? [] : [`import { ${name} } from ${JSON.stringify(from.replace(/\.ts$/, ".js"))};`]
  })
  const exported = source.statements.filter(isExported).flatMap(namesOf)
  const others = [...declared].filter((name) => !exported.includes(name))
  return `${imports.join("")}${block.code}\nexport { ${others.join(", ")} }\n`
}

const isExported = (statement: ts.Statement) =>
  ts.canHaveModifiers(statement) &&
  (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)

/** What a statement at the top of a module declares. */
function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => namesInBinding(name))
  }
  if (ts.isImportDeclaration(statement)) {
    const { name, namedBindings } = statement.importClause ?? {}
    const named =
      namedBindings === undefined ? [] : ts.isNamedImports(namedBindings) ? namedBindings.elements : [namedBindings]
    return [...(name === undefined ? [] : [name.text]), ...named.map((one) => one.name.text)]
  }
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement)) {
    return statement.name === undefined ? [] : [statement.name.text]
  }
  return ts.isTypeAliasDeclaration(statement) ? [statement.name.text] : []
}

const namesInBinding = (name: ts.BindingName): string[] =>
  ts.isIdentifier(name)
    ? [name.text]
    : name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesInBinding(element.name)))

let names: ReadonlySet<string> | undefined
function inPrelude(): ReadonlySet<string> {
  if (names !== undefined) return names
  const source = ts.createSourceFile(PRELUDE, ts.sys.readFile(PRELUDE) ?? "", ts.ScriptTarget.Latest, true)
  names = new Set(
    source.statements.flatMap((statement) =>
      ts.isExportDeclaration(statement) &&
      statement.exportClause !== undefined &&
      ts.isNamedExports(statement.exportClause)
        ? statement.exportClause.elements.map(({ name }) => name.text)
        : isExported(statement)
          ? namesOf(statement)
          : [],
    ),
  )
  return names
}

/** A compiler's view of the disk with these files besides; a file of the reader's own is the prelude. */
function host(texts: ReadonlyMap<string, string>, options: ts.CompilerOptions): ts.CompilerHost {
  const base = ts.createCompilerHost(options)
  const cache = ts.createModuleResolutionCache(root, (path) => path, options)
  return {
    ...base,
    fileExists: (path) => texts.has(path) || base.fileExists(path),
    readFile: (path) => texts.get(path) ?? base.readFile(path),
    getSourceFile: (path, version) => {
      const text = texts.get(path)
      return text === undefined ? base.getSourceFile(path, version) : ts.createSourceFile(path, text, version, true)
    },
    resolveModuleNameLiterals: (literals, from, redirect, options, source) =>
      literals.map((literal) => {
        const { text } = literal
        if (texts.has(from) && text.startsWith("."))
          return { resolvedModule: { resolvedFileName: PRELUDE, extension: ".ts" } }
        const virtual = text.replace(/\.js$/, ".ts")
        if (texts.has(virtual)) return { resolvedModule: { resolvedFileName: virtual, extension: ".ts" } }
        return ts.resolveModuleName(
          text,
          from,
          options,
          base,
          cache,
          redirect,
          ts.getModeForUsageLocation(source, literal, options),
        )
      }),
  }
}
