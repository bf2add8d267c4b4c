// What code on a page may use without importing it, and what it means by a file of the reader's own. See compile-blocks.ts.
import { RedisEventBus } from "@fabra/bus-redis"
import { RedisFeatureCache } from "@fabra/cache-redis"
import { type FeatureCache, FeatureStore } from "@fabra/core"
import { createEvent, defineEvent, type EventBus, type PublishResult } from "@fabra/events"
import type { EncodedEvent, PartitionedLog } from "@fabra/events/adapter"
import { createServer } from "@fabra/server"
import { createTestKit } from "@fabra/testing"
import { AxiomWorker, ScheduleBook } from "@fabra/worker"
import { expect, test } from "vitest"
import { z } from "zod"

export {
  AxiomWorker,
  createEvent,
  createServer,
  createTestKit,
  defineEvent,
  expect,
  RedisEventBus,
  RedisFeatureCache,
  ScheduleBook,
  test,
  z,
}

export const store = new FeatureStore()
export const User = store.entity("User", { key: "user_id" })
export const Product = store.entity("Product", { key: "product_id" })

export const purchase = defineEvent("purchase", z.object({ amount: z.number(), product_id: z.string().optional() }))
export const refund = defineEvent("refund", z.object({ amount: z.number() }))
export const stockCounted = defineEvent("stock_counted", z.object({ count_no: z.number(), pieces: z.number() }))

const total = { entity: User, trigger: purchase, initial: 0, compute: () => 1 }
export const totalPurchases = store.feature("total_purchases", total)
export const totalSpend = store.feature("total_spend", total)
export const totalSpent = store.feature("total_spent", total)

export declare const bus: EventBus
export declare const cache: RedisFeatureCache
export declare function askTheBureau(userId: string): Promise<number>
export declare function computeStats(userId: string): Promise<Record<string, number>>

/** Adapters of the reader's own. */
export declare const MyEventBus: new (options: object) => EventBus
export declare class MyStore {
  static open(options: object): Promise<MyStore>
  append(events: readonly EncodedEvent[]): Promise<PublishResult[]>
  remove(): Promise<void>
}
export declare const MyLog: new (store: MyStore) => PartitionedLog
export declare const MyFeatureCache: new (options: object) => FeatureCache
