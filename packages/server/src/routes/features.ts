import { Readable } from "node:stream"
import type { Feature, FeatureRow, ReadInput } from "@fabra/core"
import { checkEntityId, isPlainObject } from "@fabra/events/adapter"
import { Type } from "@sinclair/typebox"
import { sendJson, sendTagged } from "../answer/etag.js"
import { Problem } from "../answer/problem.js"
import { spellMembers } from "../answer/wire-values.js"
import { onRead, type ServerContext } from "../context.js"
import { entityOf, featuresOf, unknownName } from "../lookup.js"
import { durationMs } from "../schema/duration.js"
import { Duration, FeatureValues, named, problems, strict } from "../schema/schemas.js"
import type { TypeBoxApp } from "../schema/typebox.js"

const MaxAge = Type.Unsafe<string>({
  ...Duration,
  description: "Values that were computed longer ago are marked STALE: 250ms, 60s, 5m, 1h or 7d.",
})

/** An id under the key of each entity that is asked about. */
const Row = Type.Unsafe<Readonly<Record<string, string>>>({ type: "object", additionalProperties: { type: "string" } })

/** Most rows and features of one `POST /features`. */
const MAX_ROWS = 1000
const MAX_FEATURES = 100
/** Longest answer, in UTF-16 code units. */
const MAX_ANSWER = 32 * 1024 * 1024
/** From so long on an answer is written in pieces, of about so many code units each. */
const STREAMED_ANSWER = 256 * 1024
const PIECE = 64 * 1024
/** So many ids are read before it is known how large their values are. */
const FIRST_IDS = 100

/** `GET /features/:entity/:id` and `POST /features`. */
export function addFeatureRoutes(app: TypeBoxApp, context: ServerContext): void {
  addOneEntity(app, context)
  addManyEntities(app, context)
}

function addOneEntity(app: TypeBoxApp, context: ServerContext): void {
  app.route({
    method: "GET",
    url: "/features/:entity/:id",
    config: { scope: "read" },
    schema: {
      operationId: "getFeatures",
      summary: "Read features of one entity",
      tags: ["features"],
      params: Type.Object({ entity: Type.String(), id: Type.String({ description: "Percent-encoded." }) }),
      querystring: Type.Object(
        {
          names: Type.Optional(Type.String({ description: "Comma-separated. Default: all of the entity." })),
          max_age: Type.Optional(MaxAge),
          input: Type.Optional(
            Type.String({
              description: "A JSON object: what features that are computed with the request may need to know.",
              examples: ['{"amount": 99.99}'],
            }),
          ),
        },
        strict,
      ),
      headers: Type.Object({ "if-none-match": Type.Optional(Type.String()) }),
      response: {
        200: Type.Object(
          { entity: Type.String(), entity_id: Type.String(), features: FeatureValues },
          named("EntityFeatures"),
        ),
        304: Type.Null({ description: "The client has just this (If-None-Match)." }),
        ...problems(400, 404, 500, 503),
      },
    },
    handler: async (request, reply) => {
      const { params, query } = request
      const entity = entityOf(context, params.entity)
      checkEntityId(params.id, "id")
      const features = featuresOf(context, entity, query.names?.split(","))
      const how = { max_age: query.max_age, input: inputOf(query.input) }
      const [row] = await readRows(context, features, [params.id], how)
      const id = JSON.stringify(params.id)
      const [values, oldest] = [row?.features ?? {}, oldestOf(how)]
      const answer = (shown: FeatureRow<readonly Feature[]>["features"]) =>
        `{"entity":"${entity.name}","entity_id":${id},"features":{${spellMembers(shown, oldest)}}}`
      const tagged = untimed(values, features)
      return sendTagged(request, reply, answer(values), tagged && answer(tagged))
    },
  })
}

function addManyEntities(app: TypeBoxApp, context: ServerContext): void {
  app.route({
    method: "POST",
    url: "/features",
    config: { scope: "read" },
    schema: {
      operationId: "getFeaturesOfMany",
      summary: "Read features of many entities",
      description: "Each row names the entities it is about by their keys: `{ user_id: 'user_123' }`.",
      tags: ["features"],
      body: Type.Object(
        {
          features: Type.Array(Type.String(), {
            minItems: 1,
            maxItems: MAX_FEATURES,
            examples: [["last_purchase_amount", "total_purchases"]],
          }),
          entity_rows: Type.Array(Row, {
            maxItems: MAX_ROWS,
            examples: [[{ user_id: "user_123" }]],
          }),
          max_age: Type.Optional(MaxAge),
          input: Type.Optional(
            Type.Record(Type.String(), Type.Unknown(), {
              description: "What features that are computed with the request may need to know.",
              examples: [{ amount: 99.99 }],
            }),
          ),
        },
        strict,
      ),
      response: {
        200: Type.Object(
          {
            rows: Type.Array(Type.Object({ entity_row: Row, features: FeatureValues }, named("FeatureRow"))),
          },
          strict,
        ),
        ...problems(400, 404, 413, 415, 500, 503),
      },
    },
    handler: async ({ body }, reply) => {
      const groups = byEntity(context, body.features)
      const rows = body.entity_rows
      const keys = groups.map(([feature]) => (feature as Feature).entity.key)
      for (const [i, row] of rows.entries()) checkRow(row, keys, `entity_rows[${i}]`)
      const members = await Promise.all(
        groups.map((features, i) => {
          const ids = new Set(rows.map((row) => row[keys[i] as string] as string))
          return readMany(context, features, [...ids], body)
        }),
      )
      const answer: string[] = []
      let length = 0
      for (const row of rows) {
        const ofRow = members.map((ofEntity, i) => ofEntity.get(row[keys[i] as string] as string))
        const text = `{"entity_row":${JSON.stringify(row)},"features":{${ofRow.join(",")}}}`
        length += text.length
        if (length > MAX_ANSWER) throw answerTooLarge()
        answer.push(text)
      }
      if (length < STREAMED_ANSWER) return sendJson(reply, `{"rows":[${answer.join(",")}]}`)
      return reply.type("application/json; charset=utf-8").send(Readable.from(piecesOf(answer), { objectMode: false }))
    },
  })
}

/** A large answer, made and written as the client takes it: in one piece it would hold up everybody. */
function* piecesOf(rows: readonly string[]): Generator<string> {
  let piece = '{"rows":['
  for (const [i, row] of rows.entries()) {
    piece += i === 0 ? row : `,${row}`
    if (piece.length < PIECE) continue
    yield piece
    piece = ""
  }
  yield `${piece}]}`
}

/** @throws Problem `invalid_request` */
function inputOf(text: string | undefined): ReadInput | undefined {
  if (text === undefined) return undefined
  try {
    const input: unknown = JSON.parse(text)
    if (isPlainObject(input)) return input
  } catch {}
  throw new Problem("invalid_request", "query.input must be a JSON object.", { path: "query.input" })
}

/** The features of each entity, since each entity is one read. @throws Problem `unknown_feature` */
function byEntity({ store: { registry } }: ServerContext, names: readonly string[]): Feature[][] {
  const groups = new Map<string, Feature[]>()
  for (const [i, name] of [...new Set(names)].entries()) {
    const feature = registry.features.get(name)
    if (feature === undefined) {
      const known = [...registry.features.keys()]
      throw unknownName("unknown_feature", `There is no feature "${name}".`, { name, known, path: `features[${i}]` })
    }
    groups.set(feature.entity.name, [...(groups.get(feature.entity.name) ?? []), feature])
  }
  return [...groups.values()]
}

function checkRow(row: Readonly<Record<string, string>>, keys: readonly string[], path: string): void {
  for (const key of keys) {
    if (!Object.hasOwn(row, key)) {
      throw new Problem("invalid_request", `${path}.${key} is missing.`, { path: `${path}.${key}`, allowed: keys })
    }
    checkEntityId(row[key], `${path}.${key}`)
  }
  for (const key of Object.keys(row)) {
    if (!keys.includes(key)) {
      const message = `${path} has ${JSON.stringify(key)}, which no feature asked for belongs to.`
      throw new Problem("invalid_request", message, { path, allowed: keys })
    }
  }
}

/** How values are read: what a request may say about it. */
interface Reading {
  readonly max_age?: string | undefined
  readonly input?: ReadInput | undefined
}

/** The values of features of one entity type by id; each id is read once. @throws Problem `payload_too_large` */
async function readMany(
  context: ServerContext,
  features: readonly Feature[],
  ids: readonly string[],
  how: Reading,
): Promise<ReadonlyMap<string, string>> {
  const members = new Map<string, string>()
  let length = 0
  while (members.size < ids.length) {
    const fitting = length === 0 ? FIRST_IDS : Math.ceil(((MAX_ANSWER - length) * members.size) / length)
    const some = ids.slice(members.size, members.size + fitting)
    for (const [i, text] of (await read(context, features, some, how)).entries()) {
      members.set(some[i] as string, text)
      length += text.length
    }
    if (length > MAX_ANSWER) throw answerTooLarge()
  }
  return members
}

function answerTooLarge(): Problem {
  const message = `The answer would be larger than ${MAX_ANSWER / 1024 / 1024} MiB: ask for fewer rows or features.`
  return new Problem("payload_too_large", message)
}

/** The values of features of one entity type, for each id: see {@link spellMembers}. */
function read(
  context: ServerContext,
  features: readonly Feature[],
  ids: readonly string[],
  how: Reading,
): Promise<string[]> {
  if (features.length === 0) return Promise.resolve(ids.map(() => ""))
  return readRows(context, features, ids, how).then((rows) => {
    const oldest = oldestOf(how)
    return rows.map((row) => spellMembers(row.features, oldest))
  })
}

function readRows(
  context: ServerContext,
  features: readonly Feature[],
  ids: readonly string[],
  { input = {} }: Reading,
): Promise<FeatureRow<readonly Feature[]>[]> {
  if (features.length === 0) return Promise.resolve([])
  return onRead(context, features, context.store.getFeatures(features, ids, { input }))
}

/** Epoch milliseconds; values that were computed before are stale. */
function oldestOf({ max_age: maxAge }: Reading): number | undefined {
  return maxAge === undefined ? undefined : Date.now() - durationMs(maxAge)
}

/**
 * The values without the time at which those were made that are made with each read: the same value keeps its tag.
 * `undefined`: none is.
 */
function untimed<Values extends FeatureRow<readonly Feature[]>["features"]>(
  values: Values,
  features: readonly Feature[],
): Values | undefined {
  const made = features.filter(({ state, name }) => state !== undefined && Object.hasOwn(values, name))
  if (made.length === 0) return undefined
  return { ...values, ...Object.fromEntries(made.map(({ name }) => [name, { ...values[name], computedAt: null }])) }
}
