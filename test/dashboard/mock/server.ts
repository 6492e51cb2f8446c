/** A server for the dashboard alone: fixtures that follow api.ts, wire.ts and delta.ts, and levers for tests. */
import { createServer } from "node:http";
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import express, { type Request, type Response } from "express";
import { Server, type Socket } from "socket.io";
import {
  packRows,
  type FrameMeta,
  type Gist,
  type LiveRow,
  type RosterRow,
  type SnapshotMeta,
  type ViewClock,
} from "../../../server/twin/delta.ts";
import { newRecord, type NewRecord } from "../../../server/twin/api.ts";
import { CODES, type Code } from "../../../server/twin/refusal.ts";
import type { TwinRecord } from "../../../server/twin/record.ts";
import { machineHash } from "../../../server/twin/seal.ts";
import { bucketMsFor, RIG_FIELDS } from "../../../server/twin/series.ts";
import type { Alarm, SiteTotals, Twin } from "../../../server/twin/twin.ts";
import { EVENTS, FRAME_MS, FRAME_WINDOW, ROUTES } from "../../../server/twin/wire.ts";
import { answerRpc, type Notary } from "./chain.ts";
import { historyOf, seal } from "./book.ts";
import { inboxPages } from "./inbox.ts";
import { mountAccess, type AccessOptions } from "./access.ts";
import { incidentsOf, mountAlarms } from "./alarms.ts";
import { mountHands } from "./hands.ts";
import { peopleOf } from "../../../server/twin/here.ts";
import { mountNotes, type MockNotes } from "./notes.ts";
import { mountMoney } from "./money.ts";
import { mountWork, type MockWork } from "./work.ts";
import { mountProvenance, TOKEN, type Provenance, type ProvenanceOptions } from "./provenance.ts";
import { alarmsAt, chance, energyOf, figuresOf, liveRow, nameOf, rosterRow, SITE, totalsOf, twinOf } from "./plant.ts";

export interface MockOptions {
  readonly rigs: number;
  /** ms UTC; a test may hold it still. */
  readonly now: () => number;
  readonly password?: string;
  /** Folder of the built dashboard. */
  readonly files?: string;
  readonly port?: number;
  /** Sealed days of token 24; by default a month. */
  readonly provenance?: ProvenanceOptions;
  readonly access?: AccessOptions;
}
export interface Mock {
  readonly url: string;
  readonly provenance: Provenance;
  readonly work: MockWork;
  readonly notes: MockNotes;
  /** Browsers that asked to be told. */
  readonly push: () => readonly { readonly endpoint: string }[];
  /** The next frame of every viewer bears a number too high. */
  readonly skipNumber: () => void;
  readonly resyncs: () => number;
  readonly acks: () => number;
  /** Cuts every live line; clients may come back at once. */
  readonly cut: () => void;
  /** While true nobody gets in. */
  readonly refuse: (yes: boolean) => void;
  readonly mute: (yes: boolean) => void;
  readonly raise: (rig: number) => void;
  /** Changes one word of a record's text as the server tells it; its hash stays. */
  readonly tamper: (rig: string, number: number) => void;
  /** Leaves a record out of what the server tells. */
  readonly hide: (rig: string, number: number) => void;
  readonly heal: () => void;
  readonly empty: (yes: boolean) => void;
  readonly failing: (yes: boolean) => void;
  readonly posted: () => readonly unknown[];
  readonly close: () => Promise<void>;
}

// What the real server sends, so that a page that would break there breaks here.
const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self' https: http://127.0.0.1:* http://localhost:*; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const refuse = (response: Response, code: Code, detail: string = CODES[code].says): void => {
  response.status(CODES[code].status).json({ type: `/codes#${code}`, title: CODES[code].says, status: CODES[code].status, code, detail });
};

export const startMock = async (options: MockOptions): Promise<Mock> => {
  const { now } = options;
  // What the odd rigs count back from: their story begins when the mock does.
  const startTs = now();
  let rigs = options.rigs;
  const indexes = (): number[] => Array.from({ length: rigs }, (_, i) => i);
  const tokens = new Map(
    Array.from({ length: options.rigs }, (_, i) => i)
      .filter((i) => i % 97 !== 96)
      .map((i) => [i, i + 1]),
  );
  const books = new Map<string, TwinRecord[]>();
  const roster = (): RosterRow[] => indexes().map((i) => rosterRow(i, tokens));
  const bookOf = (i: number): TwinRecord[] => {
    const rig = nameOf(i);
    const token = tokens.get(i);
    if (!books.has(rig)) books.set(rig, token === undefined ? [] : historyOf(rig, rosterRow(i, tokens).serial ?? "", token, now()));
    return books.get(rig) ?? [];
  };
  // What scenes do to a rig is not in here, so that ten seconds of age do no harm.
  let kept: { readonly ts: number; readonly twins: ReadonlyMap<string, Twin> } | null = null;
  const twins = (): ReadonlyMap<string, Twin> => {
    if (kept === null || now() - kept.ts > 10_000)
      kept = { ts: now(), twins: new Map(indexes().map((i) => [nameOf(i), twinOf(i, now(), startTs, tokens, false)])) };
    return kept.twins;
  };
  const indexOf = new Map(Array.from({ length: options.rigs }, (_, i) => [nameOf(i), i]));
  const notary: Notary = {
    final: () => [...books.values()].flat().filter(({ status }) => status === "final"),
    machineHash: (tokenId) => {
      const twin = twinOf(tokenId - 1, now(), startTs, tokens);
      return machineHash(twin.site, twin.rig, twin.identity).hash;
    },
  };
  const extra: Alarm[] = [];
  const acknowledged = new Map<string, string>();
  const changedAlarms: Alarm[] = [];
  const tampered = new Set<string>();
  const hidden = new Set<string>();
  const posted: unknown[] = [];
  const lever = { skip: 0, resyncs: 0, acks: 0, refuse: false, mute: false, failing: false };
  const sessions = new Map<string, { readonly id: string; readonly createdTs: number }>();

  const alarms = (ts: number): Alarm[] =>
    [...alarmsAt(rigs, ts, startTs), ...extra.filter(({ raisedTs }) => raisedTs <= ts)].map((alarm) =>
      acknowledged.has(alarm.id) ? { ...alarm, acknowledgedTs: now(), acknowledgedBy: acknowledged.get(alarm.id) ?? null } : alarm,
    );
  const rows = (ts: number): LiveRow[] => indexes().map((i) => liveRow(i, ts, startTs));
  // The real server has the sums at hand; here each of ten thousand rigs is thought up for them.
  let sums: SiteTotals | null = null;

  const app = express();
  app.disable("x-powered-by");
  app.use((_, response, next) => (response.set("content-security-policy", CSP), next()));
  app.use(express.json({ limit: "64kb" }));
  const secretIn = (cookie: string | undefined): string | null => /session=([a-z0-9]+)/.exec(cookie ?? "")?.[1] ?? null;
  const entered = (cookie: string | undefined): boolean => options.password === undefined || sessions.has(secretIn(cookie) ?? "");
  /** As on the real server: who may not watch is asked for at the door, and looked at again while watching. */
  const watches = (cookie: string | undefined): boolean => entered(cookie) && (options.access?.role ?? "admin") !== "investor";
  app.post(ROUTES.login, (request, response) => {
    if ((request.body as { password?: string }).password !== options.password) return refuse(response, "LOGIN_FAILED");
    const id = Math.random().toString(36).slice(2);
    sessions.set(id, { id: `s${sessions.size + 1}-${id.slice(0, 4)}`, createdTs: now() });
    response.set("set-cookie", `session=${id}; HttpOnly; SameSite=Strict; Path=/`).status(204).end();
  });
  const provenance = mountProvenance(app, options.provenance ?? { days: 30 }, {
    now: () => startTs,
    twin: () => twinOf(TOKEN - 1, startTs, startTs, tokens),
    records: () => bookOf(TOKEN - 1),
    refuse,
  });
  app.use("/api", (request, response, next) => {
    if (!entered(request.headers.cookie)) return refuse(response, "LOGIN_REQUIRED");
    if (request.originalUrl.startsWith(ROUTES.site) && !watches(request.headers.cookie)) return refuse(response, "FORBIDDEN");
    if (lever.failing) return refuse(response, "STORE_UNAVAILABLE");
    next();
  });
  const span = (request: Request) => {
    const from = Number(request.query["from"]);
    const to = Number(request.query["to"]);
    const bucketMs = bucketMsFor(from, to, Number(request.query["points"] ?? 300));
    const ts: number[] = [];
    for (let at = Math.floor(from / bucketMs) * bucketMs; at < to; at += bucketMs) ts.push(at);
    return { ts, bucketMs };
  };
  const seen = (at: number): boolean => at <= now() && at > now() - 9 * 86_400_000;
  // A few rigs stand for all: the mock's totals need not be dear.
  const sample = (): number[] => indexes().filter((i) => i % Math.max(1, Math.floor(rigs / 60)) === 0);
  const sum = (at: number): { h: number; w: number; max: number; mean: number; n: number } => {
    const few = sample();
    const times = rigs / Math.max(1, few.length);
    const figures = few.map((i) => figuresOf(i, at, startTs));
    const boards = figures.flatMap(({ boardC }) => (boardC === null ? [] : [boardC]));
    return {
      h: times * figures.reduce((all, { hashrateThs }) => all + (hashrateThs ?? 0), 0),
      w: times * figures.reduce((all, { powerW }) => all + (powerW ?? 0), 0),
      max: Math.max(...boards),
      mean: boards.reduce((a, b) => a + b, 0) / boards.length,
      n: rigs,
    };
  };
  app.get(ROUTES.site, (_, response) => void response.json(totalsOf(rows(now()), now(), now(), alarms(now()))));
  app.get(ROUTES.siteSeries, (request, response) => {
    const { ts, bucketMs } = span(request);
    const sums = ts.map((at) => (seen(at) && rigs > 0 ? sum(at) : null));
    response.json({
      ts,
      bucketMs,
      hashrateThs: sums.map((s) => s?.h ?? null),
      powerW: sums.map((s) => s?.w ?? null),
      boardMaxC: sums.map((s) => s?.max ?? null),
      boardMeanC: sums.map((s) => s?.mean ?? null),
      rigs: sums.map((s) => s?.n ?? 0),
    });
  });
  app.get(ROUTES.energy, (request, response) => {
    const { ts, bucketMs } = span(request);
    const all = ts.map((at) => (seen(at) && rigs > 0 ? energyOf(sum(at).w, at) : null));
    response.json({
      ts,
      bucketMs,
      sourcesW: Object.fromEntries(
        ["grid", "solar", "wind", "battery"].map((source) => [source, all.map((each) => each?.sourcesW[source] ?? null)]),
      ),
      meteredW: all.map((each) => each?.meteredW ?? null),
      gco2ePerKwh: all.map((each) => each?.gridGco2ePerKwh ?? null),
      pricePerKwh: all.map((each) => each?.pricePerKwh ?? null),
    });
  });
  app.get(ROUTES.rig, (request, response) => {
    const i = indexOf.get(String(request.params["rig"]));
    if (i === undefined || i >= rigs)
      return refuse(response, "RIG_UNKNOWN", `No rig named "${String(request.params["rig"])}" has been seen.`);
    response.json(twinOf(i, now(), startTs, tokens));
  });
  app.get(ROUTES.series, (request, response) => {
    const i = indexOf.get(String(request.params["rig"]));
    if (i === undefined) return refuse(response, "RIG_UNKNOWN");
    const { ts, bucketMs } = span(request);
    const fields = String(request.query["fields"] ?? "hashrateThs")
      .split(",")
      .filter((name) => (RIG_FIELDS as readonly string[]).includes(name));
    const figures = ts.map((at) => (seen(at) ? (figuresOf(i, at, startTs) as unknown as Record<string, number | null>) : null));
    const column = (name: string, by: number): (number | null)[] =>
      figures.map((each) => {
        const value = each?.[name] ?? null;
        return value === null ? null : value * by;
      });
    response.json({
      ts,
      bucketMs,
      fields: Object.fromEntries(fields.map((name) => [name, { min: column(name, 0.99), mean: column(name, 1), max: column(name, 1.01) }])),
    });
  });
  app.get(ROUTES.rigExpected, (request, response) => {
    const i = indexOf.get(String(request.params["rig"]));
    if (i === undefined) return refuse(response, "RIG_UNKNOWN");
    const { ts, bucketMs } = span(request);
    const figures = ts.map((at) => (seen(at) ? (figuresOf(i, at, startTs) as unknown as Record<string, number | null>) : null));
    const line = (name: string, off: number, deviation: number) => {
      const measured = figures.map((each) => each?.[name] ?? null);
      return { measured, expected: measured.map((value) => value && value * off), deviation: measured.map((value) => value && deviation) };
    };
    response.json({
      ts,
      bucketMs,
      lines: { hashrateThs: line("hashrateThs", 1.02, 1), powerW: line("powerW", 0.99, 30), boardC: line("boardC", 0.96, 0.5) },
      learntMinutes: 1_440,
      drifting: [],
    });
  });
  const told = (record: TwinRecord): TwinRecord => {
    if (!tampered.has(`${record.body.rig}/${record.body.number}`)) return record;
    const summary = `${record.body.summary} All good.`;
    return {
      ...record,
      bytes: record.bytes.replace(JSON.stringify(record.body.summary), JSON.stringify(summary)),
      body: { ...record.body, summary },
    };
  };
  /** Records on their way to the chain: each moves one step after a page was told where it is, so that a slow page misses none. */
  const underWay = new Set<string>();
  const moveOn = (i: number, told: TwinRecord): void => {
    const at = told.body.number - 1;
    const book = bookOf(i);
    if (book[at] !== told) return;
    const status = told.status === "sealed" ? "sent" : "final";
    book[at] = {
      ...told,
      status,
      txHash: `0x${told.hash.slice(2).split("").reverse().join("")}`,
      blockNumber: status === "final" ? 140 : null,
    };
    if (status === "final") underWay.delete(told.hash);
  };
  app.get(ROUTES.records, (request, response) => {
    const i = indexOf.get(String(request.params["rig"]));
    if (i === undefined) return refuse(response, "RIG_UNKNOWN");
    for (const record of bookOf(i)) if (underWay.has(record.hash)) response.once("finish", () => moveOn(i, record));
    response.json({
      rig: nameOf(i),
      records: bookOf(i)
        .filter(({ body }) => !hidden.has(`${body.rig}/${body.number}`))
        .map(told),
      substitution: { by: null, of: [] },
    });
  });
  const sealOf = (i: number, told: NewRecord): TwinRecord => {
    const book = bookOf(i);
    const sealed = seal(book, tokens.get(i) ?? null, "sealed", {
      rig: nameOf(i),
      serial: rosterRow(i, tokens).serial,
      ...told,
      sealedTs: now(),
    });
    book.push(sealed);
    underWay.add(sealed.hash);
    return sealed;
  };
  app.post(ROUTES.records, (request, response) => {
    const i = indexOf.get(String(request.params["rig"]));
    if (i === undefined) return refuse(response, "RIG_UNKNOWN");
    posted.push(request.body);
    response.status(201).json(sealOf(i, newRecord.parse(request.body)));
  });
  mountAccess(app, options.access ?? {}, { now, sessions, secretIn, locked: options.password !== undefined, refuse });
  const push = mountAlarms(app, {
    site: SITE,
    now,
    active: () => alarms(now()).filter(({ clearedTs }) => clearedTs === null),
    acknowledge: (id, by) => {
      acknowledged.set(id, by);
      changedAlarms.push(...alarms(now()).filter((alarm) => alarm.id === id));
    },
    posted: (body) => void posted.push(body),
    refuse,
  });
  const work = mountWork(app, {
    now,
    twins,
    alarm: (id) => alarms(now()).find((each) => each.id === id),
    seal: (rig, told) => sealOf(indexOf.get(rig) ?? 0, told),
    refuse,
  });
  mountMoney(app, {
    site: SITE,
    now,
    places: () => new Map(roster().map(({ rig, model, position }) => [rig, { model, position }])),
    orders: work.orders,
  });
  mountHands(app, { roster, refuse, posted });
  const notes = mountNotes(app, {
    now,
    site: SITE,
    twins,
    incidents: () =>
      incidentsOf(
        SITE,
        alarms(now()).filter(({ clearedTs }) => clearedTs === null),
      ),
    orders: work.orders,
    account: () => (options.password === undefined ? null : "admin"),
    refuse,
  });
  app.get(ROUTES.partChanges, (_request, response) => void response.json({ total: 0, changes: [] }));
  app.get(ROUTES.commands, (_request, response) => void response.json({ total: 0, open: 0, commands: [] }));
  app.get(ROUTES.alarms, (request, response) => {
    const state = String(request.query["state"] ?? "active");
    const rig = request.query["rig"];
    const found = alarms(now())
      .filter(
        (alarm) => (state === "all" || (state === "active") === (alarm.clearedTs === null)) && (rig === undefined || alarm.rig === rig),
      )
      .sort((a, b) => b.raisedTs - a.raisedTs);
    response.json({ total: found.length, alarms: found, next: null });
  });
  app.post(ROUTES.alarms, (request, response) => {
    const { alarm: id, by } = request.body as { alarm: string; by: string };
    posted.push(request.body);
    acknowledged.set(id, by);
    const alarm = alarms(now()).find((each) => each.id === id);
    if (alarm === undefined) return refuse(response, "NOT_FOUND");
    changedAlarms.push(alarm);
    response.json(alarm);
  });
  const ports = {
    broker: { status: "ok", kind: "aedes (embedded)", detail: "288 clients" },
    series: { status: "ok", kind: "DuckDB (embedded)", detail: "last write 0.8 s ago" },
    journal: { status: "ok", kind: "SQLite WAL", detail: "1.2 GB, 214 chunks" },
    chain: { status: "away", kind: "JSON-RPC", detail: "no answer for 42 s; 3 records wait" },
    notify: { status: "ok", kind: "webhook", detail: "2 sent today" },
  };
  app.use(inboxPages(() => now()));
  app.get(
    ROUTES.status,
    (_, response) =>
      void response.json({
        status: "degraded",
        version: "0.1.0",
        uptimeS: 412_345,
        ports,
        site: SITE,
        ingest: {
          messagesPerS: rigs / 5,
          accepted: 48_211_904,
          refused: 131,
          duplicates: 402,
          late: 77,
          headPos: 48_212_437,
          foldedPos: 48_212_437,
          storedPos: 48_212_380,
          storeLagS: 0.8,
          journalBytes: 1_288_490_188,
          damagedEntries: 0,
          lastEntryTs: now() - 120,
        },
        viewers: io.sockets.sockets.size,
        refusals: { PAYLOAD_NOT_JSON: 4, TOPIC_UNKNOWN: 119, CLOCK_IN_FUTURE: 8 },
        limits: {},
      }),
  );
  app.get(ROUTES.refusals, (_, response) => {
    const samples = [
      ["TOPIC_UNKNOWN", "shellies/pdu-3/emeter/0/power", "No format reads this topic.", "1284.20"],
      [
        "CLOCK_IN_FUTURE",
        `rigtwin/v1/${SITE}/c-r2-04/telemetry`,
        "ts is 5 h 12 min ahead of the journal's clock (limit 5 min).",
        '{"v":1,"ts":1795257600000,"seq":88,"boot":"a1","m":{"hashrateThs":184.2}}',
      ],
      [
        "PAYLOAD_NOT_JSON",
        `rigtwin/v1/${SITE}/b-r1-07/answers`,
        "Unexpected token } at byte 1811.",
        '{"STATUS":[{"STATUS":"S","When":1761053,"Code":70}],"STATS":[{"CGMiner":"4.11.1"}{"STATS":0',
      ],
    ] as const;
    const found =
      rigs === 0
        ? []
        : Array.from({ length: 24 }, (_, k) => {
            const [code, topic, detail, sample] = samples[Math.floor(chance(k, 3) * 3)] ?? samples[0];
            return { pos: 48_212_000 - k * 311, receivedTs: now() - k * 391_000 - 20_000, topic, code, detail, sample };
          });
    response.json({ total: found.length, byCode: { TOPIC_UNKNOWN: 119, CLOCK_IN_FUTURE: 8, PAYLOAD_NOT_JSON: 4 }, refusals: found });
  });
  app.post(ROUTES.rpc, (request, response) => void response.json(answerRpc(request.body as never, notary)));
  app.get(ROUTES.reference, (_, response) => void response.type("html").send("<!doctype html><title>API</title><h1>API reference</h1>"));
  app.use("/api", (_, response) => refuse(response, "NOT_FOUND"));
  if (options.files !== undefined && existsSync(options.files)) {
    app.use(express.static(options.files));
    app.get("/{*path}", (_, response) => response.sendFile("index.html", { root: options.files ?? "" }));
  }

  const server = createServer(app);
  const io = new Server(server, {
    transports: ["websocket"],
    allowRequest: (request, answer) => answer(null, !lever.refuse && watches(request.headers.cookie)),
  });
  const timers = new Set<ReturnType<typeof setInterval>>();
  const here = new Map<string, { name: string; page: string | null; sinceTs: number }>();
  let toldNotes = 0;
  const tellPeople = (): void => {
    toldNotes = notes.count();
    io.emit(EVENTS.people, peopleOf(here.values(), toldNotes));
  };
  const watchOver = (socket: Socket): void => {
    const window = { name: options.password === undefined ? "local" : "admin", page: null as string | null, sinceTs: now() };
    here.set(socket.id, window);
    tellPeople();
    socket.on(EVENTS.here, ({ page }: { page: string }) => {
      window.page = page;
      tellPeople();
    });
    let n = 0;
    let unacked = 0;
    let clock: ViewClock = { view: "live", nowTs: now(), playing: true, speed: 1, from: null, to: null };
    let realTs = Date.now();
    let lastAlarms = 0;
    let lastOrders = 0;
    const live = (): boolean => clock.view === "live";
    const step = (): void => {
      const passed = (Date.now() - realTs) * clock.speed;
      realTs = Date.now();
      const nowTs = live() ? now() : clock.playing ? Math.min(clock.nowTs + passed, clock.to ?? Infinity) : clock.nowTs;
      clock = { ...clock, nowTs, playing: live() || (clock.playing && nowTs < (clock.to ?? Infinity)) };
    };
    const whole = (): void => {
      step();
      unacked = 1;
      const all = rows(clock.nowTs);
      const standing = alarms(clock.nowTs);
      lastAlarms = changedAlarms.length;
      lastOrders = work.changed.length;
      const meta: SnapshotMeta = {
        n,
        clock,
        roster: roster(),
        totals: totalsOf(all, clock.nowTs, now(), standing),
        alarms: standing,
        orders: work.lines(),
      };
      socket.emit(EVENTS.snapshot, meta, Buffer.from(packRows(all, clock.nowTs)));
    };
    const frame = (): void => {
      if (n === 0 || lever.mute || unacked >= FRAME_WINDOW) return;
      step();
      n += 1 + lever.skip;
      unacked += 1;
      const all = rows(clock.nowTs);
      const turn = n % 10;
      const changed = live() ? all.filter((row) => row.index % 10 === turn) : all;
      const meta: FrameMeta = {
        n,
        clock,
        roster: [],
        totals: totalsOf(all, clock.nowTs, now(), alarms(clock.nowTs)),
        alarms: live() ? changedAlarms.slice(lastAlarms) : alarms(clock.nowTs).filter((alarm) => alarm.raisedTs > clock.nowTs - 3_600_000),
        orders: live() ? [...new Map(work.changed.slice(lastOrders).map((order) => [order.id, order])).values()] : [],
      };
      lastOrders = work.changed.length;
      lastAlarms = changedAlarms.length;
      socket.emit(EVENTS.frame, meta, Buffer.from(packRows(changed, clock.nowTs)));
    };
    const timer = setInterval(() => {
      if (notes.count() !== toldNotes) tellPeople();
      if (watches(socket.request.headers.cookie)) frame();
      else socket.disconnect(true);
    }, FRAME_MS);
    timers.add(timer);
    socket.on(EVENTS.watch, (watch: { view: "live" } | { view: "replay"; from: number; to: number; speed: number }) => {
      if (n === 0 && watch.view === "live") {
        sums ??= totalsOf(rows(now()), now(), now(), alarms(now()));
        socket.emit(EVENTS.gist, { clock: { ...clock, nowTs: now() }, totals: sums } satisfies Gist);
      }
      n += 1;
      realTs = Date.now();
      clock =
        watch.view === "live"
          ? { view: "live", nowTs: now(), playing: true, speed: 1, from: null, to: null }
          : { view: "replay", nowTs: watch.from, playing: true, speed: watch.speed, from: watch.from, to: watch.to, room: "mock-room" };
      whole();
    });
    socket.on(EVENTS.control, ({ playing, speed, at }: { playing?: boolean; speed?: number; at?: number }) => {
      step();
      clock = { ...clock, playing: playing ?? clock.playing, speed: speed ?? clock.speed, nowTs: at ?? clock.nowTs };
      n += 1;
      whole();
    });
    socket.on(EVENTS.ack, () => {
      lever.acks += 1;
      unacked = Math.max(0, unacked - 1);
    });
    socket.on(EVENTS.resync, () => {
      lever.resyncs += 1;
      lever.skip = 0;
      whole();
    });
    socket.on("disconnect", () => {
      here.delete(socket.id);
      tellPeople();
      clearInterval(timer);
      timers.delete(timer);
    });
  };
  io.on("connection", watchOver);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    provenance,
    work,
    notes,
    push,
    skipNumber: () => {
      lever.skip = 1;
    },
    resyncs: () => lever.resyncs,
    acks: () => lever.acks,
    cut: () => {
      for (const socket of io.sockets.sockets.values()) socket.conn.close();
    },
    refuse: (yes) => {
      lever.refuse = yes;
    },
    mute: (yes) => {
      lever.mute = yes;
    },
    raise: (i) => {
      const alarm: Alarm = {
        id: `${SITE}/${nameOf(i)}/too-hot/${now()}`,
        site: SITE,
        rig: nameOf(i),
        kind: "too-hot",
        severity: "critical",
        sinceTs: now() - 600_000,
        raisedTs: now(),
        clearedTs: null,
        acknowledgedTs: null,
        acknowledgedBy: null,
        scope: "rig",
        owner: null,
        comments: [],
        snoozedUntilTs: null,
        incident: null,
        message: "Hottest board 91.2 °C for 10 min (limit 85 °C).",
      };
      extra.push(alarm);
      changedAlarms.push(alarm);
    },
    tamper: (rig, number) => void tampered.add(`${rig}/${number}`),
    hide: (rig, number) => void hidden.add(`${rig}/${number}`),
    heal: () => {
      tampered.clear();
      hidden.clear();
    },
    empty: (yes) => {
      rigs = yes ? 0 : options.rigs;
    },
    failing: (yes) => {
      lever.failing = yes;
    },
    posted: () => posted,
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      await provenance.close();
      const closed = io.close();
      // A browser opens connections ahead and asks nothing over them.
      const cut = setInterval(() => server.closeAllConnections(), 20);
      await closed;
      clearInterval(cut);
    },
  };
};
