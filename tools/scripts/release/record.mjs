import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const PAGE = join(import.meta.dirname, "../../../docs/dependencies.md")
/** How much heavier than recorded an install may be: others release too. */
const TOLERANCE = 1.15

/** Writes docs/dependencies.md. */
export function record(weights, terms) {
  const weighed = [...weights]
    .sort()
    .map(([name, { packages, megabytes }]) => `| \`${name}\` | ${packages} | ${megabytes.toFixed(1)} |`)
  const listed = terms.map(({ licence, packages }) => `| ${licence} | ${packages.length} | ${packages.join(", ")} |`)
  writeFileSync(
    PAGE,
    `# What an install brings

Measured and written by \`npm run release:check -- --write\`; \`npm run release:check\` fails when a package has become more
than 15 % heavier than here, or when a licence is new.

| package | installs packages | megabytes |
| --- | ---: | ---: |
${weighed.join("\n")}

Each installed alone with all it asks for, \`node_modules\` without optional peers. Most of what the command weighs are the
client of OpenAI, Fastify with its plugins, and Fabra itself; they are loaded by the commands that need them.

## Known vulnerabilities

\`npm run release:check\` asks the registry, by \`npm audit\`, about all that is installed together, and fails when one is
known. A mirror of the registry may answer no audit: then it says so, and fails only in CI, so that nothing is released unasked.

## Licences

Of all that is needed at run time. Fabra itself is MIT.

| licence | packages | |
| --- | ---: | --- |
${listed.join("\n")}
`,
  )
}

/** What has become heavier than recorded, or has another licence. */
export function compare(weights, terms) {
  const page = readFileSync(PAGE, "utf8")
  const rows = [...page.matchAll(/^\| (?:`)?([^|`]+?)(?:`)? \| (\d+) \| (.*) \|$/gm)]
  const recorded = new Map(rows.map(([, name, count, last]) => [name, { count: Number(count), last }]))
  const heavier = [...weights].flatMap(([name, { megabytes }]) => {
    const before = Number(recorded.get(name)?.last)
    return megabytes <= before * TOLERANCE ? [] : [`${name} takes ${megabytes.toFixed(1)} MB, recorded are ${before}`]
  })
  const strange = terms.flatMap(({ licence, packages, allowed }) =>
    allowed ? [] : [`${licence}: ${packages.join(", ")}`],
  )
  const unlisted = terms
    .filter(({ licence }) => !recorded.has(licence))
    .map(({ licence }) => `${licence} is not in the list`)
  return [...heavier, ...strange, ...unlisted]
}
