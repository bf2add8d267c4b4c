// Are the tarballs we would publish well formed (publint), and do their types match their code (are-the-types-wrong)?
import { readFileSync } from "node:fs"
import { basename } from "node:path"
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { packPackages } from "./lib/tarballs.mjs"

for (const tarball of await packPackages()) {
  const data = new Uint8Array(readFileSync(tarball))
  const found = [...(await malformed(data)), ...(await wrongTypes(data))]
  if (found.length === 0) continue
  process.exitCode = 1
  console.error([basename(tarball), ...found].join("\n  "))
}

async function malformed(data) {
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: data.buffer } })
  return messages.filter(({ type }) => type === "error").map((message) => formatMessage(message, pkg))
}

async function wrongTypes(data) {
  const { types, problems = [] } = await checkPackage(createPackageFromTarballData(data))
  // node10: resolution that predates "exports" cannot see sub-paths, and Node versions that old are not supported.
  const found = types ? problems.filter(({ resolutionKind }) => resolutionKind !== "node10") : []
  return found.map((problem) => JSON.stringify(problem))
}
