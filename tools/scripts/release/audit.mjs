import { run } from "../lib/run.mjs"

/** Known vulnerabilities of what a project installed, or why they are not known, which fails in CI alone. */
export async function audit(cwd) {
  const { output } = await run("npm", ["audit", "--omit=dev", "--json"], { cwd })
  const start = output.indexOf("{")
  const answer = start < 0 ? {} : JSON.parse(output.slice(start, output.lastIndexOf("}") + 1))
  if (answer.vulnerabilities !== undefined) {
    return Object.values(answer.vulnerabilities).map(
      ({ name, severity, via }) => `${name}, ${severity}: ${JSON.stringify(via)}`,
    )
  }
  const reason = `the registry answers no audit: ${answer.message ?? output.trim().split("\n")[0]}`
  return process.env.CI ? [reason] : { unknown: reason }
}
