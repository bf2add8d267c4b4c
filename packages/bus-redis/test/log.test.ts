import { decodeEvent } from "@fabra/events/adapter"
import { testPartitionedLog } from "@fabra/testing/conformance"
import { Keys } from "../src/keyspace/keys.js"
import { Namespace } from "../src/keyspace/namespace.js"
import { toSettings } from "../src/options.js"
import { RedisLog } from "../src/read/redis-log.js"
import { ReplicaWatch } from "../src/read/replica-watch.js"
import { Link } from "../src/transport/link.js"
import { TestRedis } from "./support.js"

const redis = new TestRedis()

testPartitionedLog("RedisLog", {
  async create({ partitions }) {
    const space = redis.space()
    const bus = space.bus({ partitions })
    const settings = toSettings({ url: redis.server.url, namespace: space.namespace, partitions, retentionMs: 0 })
    const links: Link[] = []
    return {
      async open() {
        const link = new Link(settings)
        links.push(link)
        const namespace = new Namespace(new Keys(space.namespace), link, settings)
        const replicas = new ReplicaWatch(settings)
        const keys = await namespace.partitions()
        const nothing = () => {}
        return new RedisLog(link, {
          namespace,
          partitions: keys,
          settings,
          replicas,
          onNotice: nothing,
          onClose: nothing,
        })
      },
      append: (events) => bus.publish(events.map(({ data }) => decodeEvent(data))),
      async cleanup() {
        for (const link of links) link.close()
      },
    }
  },
})
