import { FabraError } from "@fabra/events"
import { defineCommand } from "../command.js"
import { findFeatures, loadFeatures } from "../features/features-file.js"
import { show } from "../features/user-code.js"
import { DocumentAdapters, documentSettings } from "../project/documents.js"
import { print } from "../terminal/output.js"

/** `fabra migrate`: brings the tables of the vector store up to this version, and makes the indexes of a features file. */
export const migrateCommand = () =>
  defineCommand({
    name: "migrate [file]",
    summary: "make the tables that indexed documents are kept in, and bring them up to this version",
    details: "Safe to run again, and while workers run. Needs the right to create a schema in the database.",
    settings: ["features", ...documentSettings],
    examples: [["fabra migrate features.ts", "for the indexes it defines, on FABRA_POSTGRES_URL"]],
    async run({ settings, options }, named?: string) {
      const { store, file } = await loadFeatures(findFeatures(named ?? settings.features))
      const indexes = [...store.registry.indexes.keys()]
      await using documents = new DocumentAdapters(settings)
      await documents.connect(store)
      if (indexes.length > 0 && !store.vectors.capabilities.persistent) throw inMemory()
      const done = indexes.length === 0 ? [] : await store.migrate()
      print(options.json, { indexes, done }, () => {
        if (indexes.length === 0) return `Nothing to do: ${show(file)} defines no index.`
        return done.length === 0 ? "Nothing to do: all is there already." : done.join("\n")
      })
    },
  })

function inMemory(): FabraError {
  const message =
    "Documents are kept in memory, where there is nothing to migrate: set FABRA_POSTGRES_URL, as postgres://localhost/fabra."
  return new FabraError("invalid_setting", message, { path: "FABRA_POSTGRES_URL" })
}
