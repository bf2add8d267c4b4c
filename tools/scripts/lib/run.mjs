import { spawn } from "node:child_process"

/** Runs a command without input and resolves to its exit code and output; never rejects. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    child.stdout.on("data", (chunk) => (output += chunk))
    child.stderr.on("data", (chunk) => (output += chunk))
    child.on("error", (error) => resolve({ code: 1, output: `${output}${error.message}\n` }))
    child.on("close", (code) => resolve({ code: code ?? 1, output }))
  })
}

/** Like `run`, but stops the script with the command's output when it fails. */
export async function mustRun(command, args, options) {
  const { code, output } = await run(command, args, options)
  if (code === 0) return output
  process.stderr.write(`${command} ${args.join(" ")}\n${output}`)
  process.exit(1)
}

/** Calls `task` for every item, at most `limit` at a time, and resolves to the results in the order of the items. */
export async function mapConcurrently(items, limit, task) {
  const results = []
  let next = 0
  const lane = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await task(items[index])
    }
  }
  await Promise.all(Array.from({ length: limit }, lane))
  return results
}
