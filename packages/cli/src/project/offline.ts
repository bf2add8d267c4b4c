import type { FeatureStore, OfflineStore } from "@fabra/core"
import type { Settings } from "../settings/table.js"

/** The offline store, the same for every store that is connected. */
export class OfflineAdapter implements AsyncDisposable {
  readonly #url: string | undefined
  #offline: OfflineStore | undefined

  constructor({ postgresUrl }: Partial<Settings<"postgresUrl">>) {
    this.#url = postgresUrl
  }

  /** Gives a user's store the offline store that the settings name, if there is one and it has brought none. */
  async connect(store: FeatureStore): Promise<void> {
    if (this.#url === undefined || store.offline !== undefined) return
    const { PostgresOfflineStore } = await import("@fabra/offline-postgres") // loads the driver
    this.#offline ??= new PostgresOfflineStore({ url: this.#url })
    store.connect({ offline: this.#offline })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#offline?.close()
  }
}
