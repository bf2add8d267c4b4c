import { type Setting, type SettingName, settings } from "../src/settings/table.js"

/** docs/configuration.md, made from the table of settings. */
export function configurationPage(): string {
  const rows = (Object.keys(settings) as SettingName[]).map((name) => {
    const { env, flag, kind, description, ...setting }: Setting = settings[name]
    const usual = setting.default === undefined ? (setting.defaultText ?? "") : `\`${setting.default}\``
    const cells = [`\`${env}\` \`${flag}\``, description, kind.type, usual]
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`
  })
  return `# Configuration

Every setting of the \`fabra\` command is an environment variable and a flag; a flag wins. \`fabra config\` prints each one, its
value and where it came from. A variable that begins with \`FABRA_\` and is none of these is warned about, with the nearest
one that is. What is set to nothing is not set. Lengths of time are in seconds. Which command takes which flag:
[commands](commands.md).

| variable and flag | meaning | type | default |
| --- | --- | --- | --- |
${rows.join("\n")}

What the worker, bus and cache can be told besides, in code, is in the READMEs of their packages. This page is made from
the table in [\`packages/cli/src/settings/table.ts\`](../packages/cli/src/settings/table.ts): after a change,
\`npm run vitest -- run packages/cli/test/configuration.test.ts -u\`.
`
}
