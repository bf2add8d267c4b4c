/** A step of the schema's history. Once published it never changes: what is to be different is a further step. */
export interface Migration {
  readonly version: number
  readonly what: string
  /** @param schema in double quotes, of a name that holds none of either kind */
  readonly sql: (schema: string) => string
}

/** Every step, in order. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, what: "the tables of indexes and documents", sql: tables },
  { version: 2, what: "the function that writes documents", sql: writeDocuments },
]

/** How many steps this code knows. */
export const LATEST = MIGRATIONS.length

// Text is compared by its bytes, as Fabra compares positions, whatever the language of the database.
function tables(schema: string): string {
  return `
    create table ${schema}.indexes (
      id int generated always as identity primary key,
      name text collate "C" not null unique,
      dimensions int not null,
      metric text not null,
      embedder text not null,
      language text not null,
      created_at timestamptz not null default now()
    );
    create table ${schema}.documents (
      index_id int not null references ${schema}.indexes on delete cascade,
      entity_id text collate "C" not null,
      source text collate "C",
      "position" text collate "C",
      written_outside boolean not null,
      content_hash text collate "C",
      indexed_at timestamptz not null,
      primary key (index_id, entity_id)
    );
    comment on table ${schema}.documents is
      'Which event last wrote a document. A removed one stays, without content_hash, so that no earlier event brings it back.';`
}

// One call, one transaction. The statements of a function see, each anew, what others have committed meanwhile: the row of
// the document is locked first, so its chunks are then those of the last writer. Documents are taken in the order of
// their ids, so that two writers never wait for each other.
function writeDocuments(schema: string): string {
  return `
    create function ${schema}.write_documents(the_index int, writes jsonb)
    returns table (place bigint, outcome text) language plpgsql as $function$
    declare
      w record;
      chunk_table text := '${schema}.chunks_' || the_index;
    begin
      for w in
        select
          n, x->>'entity_id' entity_id, x->>'source' source, x->>'position' "position", x->>'content_hash' content_hash,
          x->'metadata' metadata, x->'chunks' chunks, x->'chunks' = 'null' keeps,
          to_timestamp((x->>'event_time')::float8 / 1000) event_time,
          to_timestamp((x->>'indexed_at')::float8 / 1000) indexed_at
        from jsonb_array_elements(writes) with ordinality as list(x, n)
        order by x->>'entity_id' collate "C"
      loop
        place := w.n;
        if w.keeps and not exists (
          select from ${schema}.documents d where d.index_id = the_index and d.entity_id = w.entity_id
        ) then
          outcome := 'changed';
          return next;
          continue;
        end if;
        insert into ${schema}.documents as d
          (index_id, entity_id, source, "position", written_outside, content_hash, indexed_at)
        values
          (the_index, w.entity_id, w.source, w."position", w.source is null, w.content_hash, w.indexed_at)
        on conflict (index_id, entity_id) do update set
          source = coalesce(excluded.source, d.source),
          "position" = coalesce(excluded."position", d."position"),
          written_outside = excluded.written_outside,
          content_hash = excluded.content_hash,
          indexed_at = excluded.indexed_at
        where
          (excluded.source is null
            or d.source is distinct from excluded.source
            or d."position" < excluded."position"
            or (d."position" = excluded."position" and not d.written_outside))
          and (not w.keeps or d.content_hash is not distinct from w.content_hash);
        if not found then
          select case when w.keeps and d.content_hash is distinct from w.content_hash and not (
            d.source is not distinct from w.source and
            (d."position" > w."position" or (d."position" = w."position" and d.written_outside))
          ) then 'changed' else 'stale' end
          into outcome
          from ${schema}.documents d where d.index_id = the_index and d.entity_id = w.entity_id;
          return next;
          continue;
        end if;
        if w.keeps then
          execute 'update ' || chunk_table || ' set metadata = $2, event_time = $3, indexed_at = $4 where entity_id = $1'
          using w.entity_id, w.metadata, w.event_time, w.indexed_at;
        else
          execute 'delete from ' || chunk_table || ' where entity_id = $1' using w.entity_id;
          execute 'insert into ' || chunk_table || '
              (entity_id, chunk, "text", start_at, end_at, metadata, event_time, indexed_at, embedding)
            select $1, n - 1, x->>''text'', (x->>''start'')::int, (x->>''end'')::int, $2, $3, $4, (x->>''vector'')::vector
            from jsonb_array_elements($5) with ordinality as list(x, n)'
          using w.entity_id, w.metadata, w.event_time, w.indexed_at, w.chunks;
        end if;
        outcome := 'applied';
        return next;
      end loop;
    end
    $function$;`
}
