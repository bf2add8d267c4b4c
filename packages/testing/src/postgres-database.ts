import { randomUUID } from "node:crypto"
import { readFile, rename, writeFile } from "node:fs/promises"
import type { PGlite, PGliteOptions } from "@electric-sql/pglite"

/** An empty Postgres database with pgvector at hand, for tests. */
export interface PostgresTestDatabase {
  readonly url: string
  /** True when it is on the server of `FABRA_TEST_POSTGRES_URL`, where sessions run side by side; PGlite has one for all. */
  readonly isExternal: boolean
  /** Asks it past the connections of those under test. */
  query(sql: string): Promise<Readonly<Record<string, unknown>>[]>
  /** Cuts the connections of all others, as a restart would. */
  cutConnections(): Promise<void>
  /** Removes the database. Call it when nobody uses it any more. */
  stop(): Promise<void>
}

/**
 * Makes a database of its own on the server that `FABRA_TEST_POSTGRES_URL` names (needs `pg`, and a user who may create
 * databases and extensions); without one it is a PGlite behind a socket, in this process (needs `@electric-sql/pglite`,
 * `pglite-pgvector` and `pglite-socket`). PGlite is copied from the file that `FABRA_TEST_PGLITE_TEMPLATE` names, which
 * takes a third of the time that making one takes; a file that is not there is written. One file fits one version of PGlite.
 */
export function startPostgres(): Promise<PostgresTestDatabase> {
  const external = process.env.FABRA_TEST_POSTGRES_URL
  return external ? onServer(external) : inProcess()
}

async function onServer(server: string): Promise<PostgresTestDatabase> {
  const { default: pg } = await import("pg")
  const connect = async (connectionString: string) => {
    const client = new pg.Client({ connectionString })
    await client.connect()
    return client
  }
  const admin = await connect(server)
  const name = `fabra_test_${randomUUID().replaceAll("-", "")}`
  await admin.query(`create database ${name}`)
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
  const client = await connect(url)
  return {
    url,
    isExternal: true,
    query: async (sql) => (await client.query(sql)).rows,
    async cutConnections() {
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
      )
    },
    async stop() {
      await client.end()
      await admin.query(`drop database ${name} with (force)`)
      await admin.end()
    },
  }
}

async function inProcess(): Promise<PostgresTestDatabase> {
  const [{ PGlite }, { vector }, { PGLiteSocketServer }] = await Promise.all([
    import("@electric-sql/pglite"),
    import("@electric-sql/pglite-pgvector"),
    import("@electric-sql/pglite-socket"),
  ])
  const engine = await emptyEngine((options) => PGlite.create({ ...options, extensions: { vector } }))
  const serve = async (port: number) => {
    const server = new PGLiteSocketServer({ db: engine, port, maxConnections: 100 })
    await server.start()
    return server
  }
  let server = await serve(0)
  const address = server.getServerConn()
  return {
    url: `postgres://postgres@${address}/postgres`,
    isExternal: false,
    query: async (sql) => (await engine.query<Record<string, unknown>>(sql)).rows,
    async cutConnections() {
      await server.stop()
      server = await serve(Number(address.split(":").at(-1)))
    },
    async stop() {
      await server.stop()
      await engine.close()
    },
  }
}

async function emptyEngine(create: (options: PGliteOptions) => Promise<PGlite>): Promise<PGlite> {
  const file = process.env.FABRA_TEST_PGLITE_TEMPLATE
  if (!file) return create({})
  const template = await readFile(file).catch(ignoreMissing)
  if (template !== undefined) return create({ loadDataDir: new Blob([template]) })
  const engine = await create({})
  const dump = await engine.dumpDataDir("none")
  // Under its name only once it is whole: others start at the same time.
  const part = `${file}.${randomUUID()}`
  await writeFile(part, Buffer.from(await dump.arrayBuffer()))
  await rename(part, file)
  return engine
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error
}
