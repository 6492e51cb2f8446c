/** Rows made again from the journal, as the fold made them when the entries came. */
import type { Act } from "../twin/record.ts";
import { noForeign, type Foreign } from "../twin/dialects/index.ts";
import { dropMapping, foldMapping, isOwn, parseForeign } from "../twin/foreign.ts";
import type { Gateways } from "../twin/gateway.ts";
import { parse, type Parsed } from "../twin/parse.ts";
import { addEnergy, addReading } from "../twin/rows.ts";
import { note, nothingSeen, type Seen } from "../twin/seen.ts";
import type { RowSet } from "../twin/series.ts";
import type { Entry } from "../twin/twin.ts";
import { OWN } from "../twin/wire.ts";

export interface RereadNeeds {
  readonly site: string;
  readonly read: (fromPos: number) => AsyncIterable<readonly Entry[]>;
  /** Whose signatures can be checked when entries are read again. */
  readonly gateways?: () => Gateways;
  /** What is remembered of others' dialects. */
  readonly foreign?: () => Foreign;
  /** Model name of a rig. */
  readonly modelOf: (rig: string) => string | null;
}

/**
 * So many entries are read before those that are wanted, without making rows: what devices of one value a message had told before, and what was
 * seen, so that a message which came twice is known.
 */
const BEFORE = 20_000;

/** How far it has read, and the journal time of that; or why it has not. */
export type Read = { readonly pos: number; readonly ts: number } | "at its end" | "closed";

export const createReread = (needs: RereadNeeds) => {
  let reader: AsyncIterator<readonly Entry[]> | null = null;
  let past = noForeign();
  /** Of two readings of one moment the first counts, as it does live. */
  let seen = new Map<string, Seen>();

  /** The others' names and aliases as they are known now; what they told since is told by the entries themselves. */
  const startPast = (atTs: number): void => {
    const known = needs.foreign?.();
    past = noForeign();
    seen = new Map();
    if (known === undefined) return;
    past.mappings.push(...known.mappings.filter((mapping) => (mapping.atTs ?? 0) < atTs));
    for (const [name, edge] of structuredClone(known.edges)) {
      for (const device of Object.values(edge.devices)) device.lastTs = 0;
      past.edges.set(name, edge);
    }
  };

  const isNew = (who: string, boot: string | null, seq: number | null, deviceTs: number): boolean => {
    const known = seen.get(who) ?? nothingSeen();
    seen.set(who, known);
    return note(known, boot, seq, deviceTs);
  };

  const partsOf = (entry: Entry): readonly Parsed[] => {
    if (entry.topic === OWN.act) {
      const act = JSON.parse(new TextDecoder().decode(entry.payload)) as Act;
      if (act.what === "unmap") dropMapping(act.topic, past);
      return act.what === "map" ? foldMapping({ ...act.mapping, by: act.by, atTs: entry.receivedTs }, needs.site, past, []) : [];
    }
    if (entry.topic.startsWith("$")) return [];
    if (!isOwn(entry.topic)) return parseForeign(entry, needs.site, past, []);
    const parsed = parse(entry, needs.site, needs.gateways?.());
    return parsed.kind === "batch" ? parsed.parts.map((part) => part.parsed) : [parsed];
  };

  const take = (entry: Entry, rows: RowSet | null): void => {
    for (const parsed of partsOf(entry)) {
      if (parsed.kind === "energy") {
        const { meter, boot, seq, deviceTs } = parsed.energy;
        if (isNew(`meter ${meter}`, boot, seq, deviceTs) && rows !== null) addEnergy(rows, parsed.energy);
      } else if (parsed.kind === "reading") {
        const { rig, boot, seq, deviceTs } = parsed.reading;
        if (isNew(`rig ${rig}`, boot, seq, deviceTs) && rows !== null) addReading(rows, parsed.reading, rig, needs.modelOf(rig));
      }
    }
  };

  return {
    /** Adds the rows of some more entries, of those in [fromPos, endPos); goes on where it was until it is closed. */
    async next(rows: RowSet, fromPos: number, endPos: number): Promise<Read> {
      const isFirst = reader === null;
      const mine = (reader ??= needs.read(Math.max(1, fromPos - BEFORE))[Symbol.asyncIterator]());
      const { value, done } = await mine.next();
      if (reader !== mine) return "closed";
      if (done === true) return "at its end";
      const last = value.at(-1);
      if (isFirst) startPast(value[0]?.receivedTs ?? 0);
      for (const entry of value) if (entry.pos < endPos) take(entry, entry.pos >= fromPos ? rows : null);
      return { pos: last?.pos ?? 0, ts: last?.receivedTs ?? 0 };
    },
    /** The next one begins anew. */
    close(): void {
      reader = null;
      seen = new Map();
    },
  };
};
