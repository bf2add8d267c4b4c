import { readFileSync } from "node:fs"

const PAGE = readFileSync(new URL("../../../docs/cli.md", import.meta.url), "utf8")

/** What docs/cli.md shows that a command prints, {@link mask}ed. */
export function screen(name: string): string {
  const found = new RegExp(`<!-- screen: ${name} -->\n\`\`\`console\n\\$ .*\n([\\s\\S]*?)\`\`\``).exec(PAGE)
  if (found === null) throw new Error(`docs/cli.md has no screen "${name}".`)
  return mask(found[1] as string)
}

/** An output without what differs from run to run: numbers, times, addresses, names of machines and namespaces. */
export function mask(output: string): string {
  return output
    .replaceAll(/redis:\/\/\S+/g, "redis")
    .replaceAll(/\S+-\d+-[0-9a-f]{8}(-\d+)?/g, "worker")
    .replaceAll(/ named-\d+/g, " worker")
    .replaceAll(/namespace +\S+:/g, "namespace:")
    .replaceAll(/\d+([.,:]\d+)*/g, "0")
    .replaceAll(/\b0 (ms|s|min)\b/g, "age")
    .replaceAll(/ (–|age) /g, " age ")
    .replaceAll(/, the oldest age old|; nothing waits|; 0 events? after the checkpoint/g, "")
    .replaceAll(/0 events? behind/g, "behind")
    .replaceAll(/(ahead of|behind) this/g, "beside this")
    .replaceAll(/ +/g, " ")
    .trim()
}

/** The exit codes that docs/cli.md tells. */
export function exitCodesTold(): [code: number, meaning: string][] {
  return [...PAGE.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, meaning]) => [Number(code), meaning as string])
}

/** The commands that docs/cli.md tells, by their first word. */
export function commandsTold(): string[] {
  const cells = [...PAGE.matchAll(/^\| (`.*`) \| .* \|$/gm)].flatMap(([, names = ""]) => names.split(/, (?=`)/))
  return cells.flatMap((name) => /^`(\S+?)(?:`| )/.exec(name)?.[1] ?? [])
}
