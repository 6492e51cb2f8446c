/** A small farm of fixed answers behind the HTTP edge, and raw requests with any header one likes. */
import { Secret, TOTP } from "otpauth";
import { request as openRequest } from "node:http";
import { createHttp, type Fault, type HttpOptions } from "../../../server/edge/http/http.ts";
import type { Handlers, RpcCall } from "../../../server/edge/http/handlers.ts";
import { createQuestions, type QuestionsNeeds } from "../../../server/flows/questions.ts";
import { newFarm } from "../../../server/twin/farm.ts";
import { RIG_FIELDS, type RigField } from "../../../server/twin/series.ts";
import { NOTHING_MEASURED, NO_IDENTITY } from "../../../server/twin/reading.ts";
import { recordTypedData } from "../../../server/twin/signature.ts";
import type { PartChange } from "../../../server/twin/part-changes.ts";
import { Refused } from "../../../server/twin/refusal.ts";
import { CURTAIL } from "./curtail.ts";
import { NOTES } from "./notes.ts";
import { NOTIFY } from "./notify.ts";
import { openHouse, type House } from "./people.ts";
import type { ProvenDay } from "../../../server/twin/bundle.ts";
import type { TwinRecord } from "../../../server/twin/record.ts";
import { energyTruth } from "../../../server/twin/energy-truth.ts";
import { mappingFault } from "../../../server/twin/dialects/mapping.ts";
import type { InboxAnswer } from "../../../server/twin/api.ts";
import type { Alarm, SiteTotals, Twin } from "../../../server/twin/twin.ts";
import { foldWork, noWork } from "../../../server/twin/orders/fold.ts";
import { cleanPicture } from "../../../server/twin/orders/image.ts";
import { newOrder, type Order } from "../../../server/twin/orders/shapes.ts";
import { readPositions } from "../../../server/twin/positions.ts";
import { reportOf } from "../../../server/twin/usage/report.ts";
import type { Route } from "../../../server/edge/http/route.ts";

const INBOX: InboxAnswer = {
  topics: [
    {
      topic: "plant/7/values",
      firstTs: 1_790_000_000_000,
      lastTs: 1_790_000_001_000,
      count: 2,
      kept: 2,
      sample: '{"hr":1}',
      guesses: [{ path: "$.hr", value: 1, meaning: null }],
    },
  ],
  mappings: [
    {
      topic: "plant/+/values",
      rig: "shed-{1}",
      as: "rig",
      fields: [{ path: "$.hr", field: "hashrateThs", factor: 0.001 }],
      by: "T-014",
      atTs: 1_790_000_000_000,
    },
  ],
  fields: { hashrateThs: "TH/s" },
};

export const TS = 1_762_862_400_000;
const DAY_TS = 1_762_819_200_000;

export const TWIN: Twin = {
  site: "farm",
  rig: "rig-0001",
  index: 0,
  state: "hashing",
  stateSinceTs: TS,
  identity: {
    ...NO_IDENTITY,
    make: "Bitmain",
    model: "Antminer S19 Pro",
    serial: "SN1",
    ip: "10.9.8.7",
    hostname: "miner-host",
    mac: "02:00:00:00:00:07",
    boardSerials: ["B0", null],
  },
  modelId: "antminer-s19-pro",
  nameplate: { hashrateThs: 110, powerW: 3250, boards: 3, chips: 114, fans: 4 },
  position: { container: "c1", rack: "r1", slot: "s1" },
  tokenId: 7,
  tier: "self-reported",
  format: "native",
  firstSeenTs: TS,
  lastSeenTs: TS,
  lastDeviceTs: TS,
  skewMs: 12,
  boot: "boot-1",
  lastSeq: 4,
  announced: "online",
  latest: {
    ...NOTHING_MEASURED,
    mode: "mining",
    hashrateThs: 104.5,
    powerW: 3068,
    boardC: 61,
    fans: [{ index: 0, rpm: 5000 }],
    boards: [
      {
        index: 0,
        hashrateThs: 35,
        expectedThs: 36,
        boardC: 61,
        chipC: 76,
        inletC: null,
        outletC: null,
        chips: 114,
        expectedChips: 114,
        frequencyMhz: 500,
        voltageV: 13.2,
        hwErrors: 3,
        serial: "B0",
        chipMap: [
          { index: 0, tempC: 70, hashrateGhs: 300, frequencyMhz: 500, voltageV: null, errors: 0, row: null, column: null, working: true },
        ],
      },
    ],
    pools: [
      {
        index: 0,
        url: "stratum+tcp://pool.example:3333",
        worker: "account.worker",
        active: true,
        alive: true,
        accepted: 1,
        rejected: 0,
        stale: 0,
      },
    ],
    errors: [{ code: "FAN_FAILED", severity: "major", component: "fan", index: 1, raw: "P:2" }],
  },
  quality: { "boards.1.boardC": "sentinel" },
  counts: { readings: 4, duplicates: 1, late: 0, missed: 2 },
  rev: 9,
};

export const TOTALS: SiteTotals = {
  site: "farm",
  rigs: 1,
  byState: { new: 0, hashing: 1, low: 0, tuning: 0, paused: 0, hung: 0, fault: 0, offline: 0 },
  hashrateThs: 104.5,
  nameplateThs: 110,
  targetThs: 110,
  reportedW: 3068,
  meteredW: 3150,
  meteredTs: TS,
  sourcesW: { grid: 2000, solar: 1150 },
  gco2ePerKwh: 210,
  pricePerKwh: 0.05,
  currency: "USD",
  ambientC: 21,
  efficiencyJTh: 30.1,
  hottestBoardC: 61,
  hottestChipC: null,
  activeAlarms: { info: 0, minor: 0, major: 1, critical: 0 },
  todayKwh: 12.5,
  todayCost: 0.6,
  todayKgco2e: 2.6,
  told: { mix: "meter", carbon: "meter", price: "meter", today: "meter" },
  asOfTs: TS,
};

export const ALARM: Alarm = {
  id: `farm/rig-0001/too-hot/${TS}`,
  site: "farm",
  rig: "rig-0001",
  kind: "too-hot",
  severity: "major",
  sinceTs: TS,
  raisedTs: TS,
  clearedTs: null,
  acknowledgedTs: null,
  acknowledgedBy: null,
  scope: "rig",
  owner: null,
  comments: [],
  snoozedUntilTs: null,
  incident: null,
  message: "Board 0 at 91 °C.",
};

export const RECORD: TwinRecord = {
  signature: null,
  hash: `0x${"ab".repeat(32)}`,
  bytes: "{}",
  body: {
    v: 1,
    context: "rigtwin/record/v1",
    site: "farm",
    rig: "rig-0001",
    serial: "SN1",
    number: 1,
    prev: null,
    kind: "cleaning",
    performedTs: TS,
    sealedTs: TS,
    technician: "badge-17",
    summary: "Dust blown out.",
    parts: [{ part: "fan", index: 2, oldSerial: null, newSerial: "F9" }],
  },
  status: "sealed",
  txHash: null,
  blockNumber: null,
  tokenId: 7,
  reason: null,
};

const TECHNICIAN = { address: `0x${"44".repeat(20)}`, badge: "badge-17", isActive: true };

const CHAIN = {
  chainId: 31337,
  contract: `0x${"11".repeat(20)}`,
  genesis: `0x${"22".repeat(32)}`,
  local: true,
  blockNumber: 12,
  finalDepth: 1,
  away: false,
};
const PORTS = { journal: { status: "ok", kind: "sqlite", detail: "1 MB" } } as const;

const DAY = Math.floor(TS / 86_400_000);
const TOTALS_OF_DAY = {
  deliveredThH: 2_400,
  energyKwh: 72,
  nameplateThH: 2_640,
  efficiencyJTh: 30,
  uptimePct: 100,
  uptimeExcusedPct: 100,
  slots: 288,
  upSlots: 288,
  excusedSlots: 0,
};
const ROW = {
  ts: DAY * 86_400_000,
  n: 60,
  paused: 0,
  signed: 0,
  hashrateGhs: 100_000,
  powerW: 3_000,
  boardMaxDc: 610,
  chipMaxDc: null,
  intakeMaxDc: null,
  deliveredGh: 30_000_000,
  energyJ: 900_000,
};
const TREE = {
  number: 0,
  leaf: "{}",
  index: 0,
  size: 1,
  proof: [],
  root: `0x${"ab".repeat(32)}`,
  manifest: "{}",
  txHash: null,
  blockNumber: null,
  anchoredTs: TS,
};
const PART_CHANGE: PartChange = {
  number: 1,
  part: "psu",
  index: null,
  oldSerial: "PSU-1",
  newSerial: "PSU-2",
  seenTs: TS,
  explained: null,
};
export const PROVEN: ProvenDay = {
  day: DAY,
  date: "2025-11-11",
  state: "corrected",
  totals: TOTALS_OF_DAY,
  rows: [ROW],
  tree: TREE,
  earlier: [{ ...TREE, rows: [ROW] }],
};

const known = (rig: string): Twin => {
  if (rig !== TWIN.rig) throw new Refused("RIG_UNKNOWN", `No rig named ${rig} has been seen.`);
  return TWIN;
};

const VALUES = Object.fromEntries(RIG_FIELDS.map((field) => [field, field === "chipC" ? 94 : 10])) as Record<RigField, number>;
/** Two slots that hash and one that does not. */
export const SLOTS: QuestionsNeeds["store"] = {
  latest: () => Promise.resolve([{ rig: TWIN.rig, ts: TS, values: VALUES }]),
  top: () => Promise.resolve([{ rig: TWIN.rig, mean: 10 }]),
  async *slots() {
    yield await Promise.resolve({
      slotMs: 600_000,
      rig: [TWIN.rig, TWIN.rig, TWIN.rig],
      start: [DAY_TS, DAY_TS + 600_000, DAY_TS + 1_200_000],
      readings: [60, 60, 60],
      hashrateN: [60, 60, 60],
      hashrateSumThs: [6_000, 6_000, 0],
      powerN: [60, 60, 60],
      powerSumW: [180_000, 180_000, 6_000],
    });
  },
  count: ({ from, to }) => Promise.resolve([0, 1, 2].filter((i) => DAY_TS + i * 60_000 >= from && DAY_TS + i * 60_000 < to).length),
  rows: ({ from, to, fields }) => {
    const ts = Array.from({ length: 3 }, (_, i) => DAY_TS + i * 60_000).filter((at) => at >= from && at < to);
    return Promise.resolve({
      ts,
      rig: ts.map(() => TWIN.rig),
      values: ts.flatMap((at) => fields.map((_field, k) => (k === 1 ? null : (at - DAY_TS) / 60_000 + k))),
    });
  },
  parquet: () => {
    throw new Refused("FORMAT_UNSUPPORTED", "No Parquet here.");
  },
  rigSeries: ({ fields, from }) =>
    Promise.resolve({
      ts: [from],
      bucketMs: 60_000,
      fields: Object.fromEntries(fields.map((field) => [field, { min: [1], mean: [2], max: [3] }])),
    }),
};
export const questionsOf = (store: QuestionsNeeds["store"]) => {
  const folded = newFarm("farm");
  folded.twins.set(TWIN.rig, TWIN);
  folded.asOfTs = Date.UTC(2100, 0);
  return createQuestions({ site: "farm", farm: () => folded, store });
};

export interface Calls {
  readonly rpc: RpcCall[];
  readonly records: unknown[];
  readonly queries: unknown[];
}

/** An order as the fold makes it of the reference's own example. */
export const ORDER: Order = (() => {
  const order = foldWork(
    noWork(),
    {
      what: "open",
      ...newOrder.parse({
        key: "key-of-order-1",
        by: "badge-17",
        title: "Fan 2 fails",
        kind: "part-replaced",
        corrective: true,
        rigs: ["rig-0001"],
      }),
    },
    TS,
  );
  if (order === null) throw new Error("the fixture's order was not opened");
  return order;
})();
const knownOrder = (id: string): Order => {
  if (id !== ORDER.id) throw new Refused("ORDER_UNKNOWN", `There is no work order "${id}".`);
  return ORDER;
};
const QUOTE = { of: "hashprice", fromTs: TS, value: 45.2, currency: "USD", source: "pool", by: "badge-17", enteredTs: TS } as const;
const FAILED = {
  name: "farm",
  rigs: 1,
  runH: 24,
  thH: 24,
  failures: 1,
  mended: 1,
  mtbfH: 24,
  mttrH: 3,
  waitedH: 0,
  costs: [{ currency: "EUR", amount: 8, perThH: 0.33 }],
  alarms: 2,
  isRepeat: false,
};
const USED = {
  name: "farm",
  rigs: 1,
  thH: 24,
  reportedKwh: 72,
  wallKwh: 75,
  cost: 3.75,
  kgco2e: null,
  costPerThH: 0.15625,
  gco2ePerThH: null,
  efficiencyJTh: 30,
  revenue: null,
  margin: null,
  breakEvenPerKwh: null,
  runH: 24,
  pausedH: 0,
};
/** One transparent pixel. */
export const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

export const farm = (calls: Calls = { rpc: [], records: [], queries: [] }, house?: House): Handlers => ({
  access: house?.access as Handlers["access"],
  notify: NOTIFY,
  ...CURTAIL,
  alarmActs: ({ alarms, incidents }) => {
    if (alarms.length + incidents.length === 0) throw new Refused("NOT_FOUND", "None of these alarms stands any more.");
    return { alarms: 1, unknown: 0 };
  },
  health: () => ({ status: "degraded", version: "1.2.3", uptimeS: 5, ports: PORTS }),
  status: () => ({
    status: "degraded",
    version: "1.2.3",
    uptimeS: 5,
    ports: PORTS,
    site: "farm",
    ingest: {
      messagesPerS: 1.5,
      accepted: 4,
      refused: 1,
      duplicates: 1,
      late: 0,
      headPos: 9,
      foldedPos: 9,
      storedPos: 8,
      storeLagS: 1.5,
      journalBytes: 4096,
      damagedEntries: 0,
      lastEntryTs: TS,
    },
    viewers: 2,
    refusals: { PAYLOAD_NOT_JSON: 1 },
    limits: { "mqtt publish denied": 2 },
  }),
  site: () => TOTALS,
  rigs: (query) => {
    calls.queries.push(query);
    return {
      total: 1,
      rigs: [
        {
          rig: TWIN.rig,
          state: TWIN.state,
          make: "Bitmain",
          model: null,
          position: null,
          tokenId: 7,
          hashrateThs: 104.5,
          nameplateThs: 110,
          powerW: 3068,
          boardC: 61,
          chipC: null,
          lastSeenTs: TS,
        },
      ],
    };
  },
  rig: known,
  rigSeries: ({ rig, fields, ...query }) => {
    known(rig);
    calls.queries.push({ rig, fields, ...query });
    return { ts: [TS], bucketMs: 60_000, fields: Object.fromEntries(fields.map((field) => [field, { min: [1], mean: [null], max: [3] }])) };
  },
  siteSeries: (query) => {
    calls.queries.push(query);
    return { ts: [TS], bucketMs: 60_000, hashrateThs: [1], powerW: [null], boardMaxC: [2], boardMeanC: [2], rigs: [1] };
  },
  questions: questionsOf(SLOTS),
  energy: () => ({ ts: [TS], bucketMs: 60_000, sourcesW: { grid: [2000] }, meteredW: [3150], gco2ePerKwh: [null], pricePerKwh: [0.05] }),
  records: (rig) => {
    known(rig);
    return [RECORD];
  },
  addRecord: (rig, record) => {
    known(rig);
    calls.records.push(record);
    return Promise.resolve(RECORD);
  },
  draftRecord: (rig) => {
    known(rig);
    const { hash, bytes, body } = RECORD;
    return {
      hash,
      bytes,
      number: body.number,
      sealedTs: body.sealedTs,
      typedData: recordTypedData(body, hash, { chainId: 31_337, contract: `0x${"11".repeat(20)}` }),
    };
  },
  substitution: () => ({ by: null, of: [] }),
  addSubstitute: (rig, { substitute }) => {
    known(rig);
    return { by: { rig: substitute, tokenId: null }, of: [] };
  },
  technicians: () => [TECHNICIAN],
  setTechnician: (technician) => [TECHNICIAN, technician],
  twinByToken: (tokenId) => {
    if (tokenId !== 7) throw new Refused("TOKEN_UNKNOWN", `There is no token ${tokenId}.`);
    return {
      tokenId,
      owner: `0x${"33".repeat(20)}`,
      tokenUri: null,
      chain: CHAIN,
      twin: TWIN,
      records: [RECORD],
      substitution: { by: null, of: [] },
      partChanges: [],
    };
  },
  days: (tokenId) => {
    if (tokenId !== 7) throw new Refused("TOKEN_UNKNOWN", `There is no token ${tokenId}.`);
    const { day, date, state, totals } = PROVEN;
    return {
      tokenId,
      rig: TWIN.rig,
      days: [
        {
          day,
          date,
          state,
          totals,
          tier: "self-reported",
          n: 60,
          expected: 61,
          gaps: 1,
          root: TREE.root,
          number: 1,
          txHash: null,
          blockNumber: null,
          anchoredTs: TS,
        },
      ],
    };
  },
  day: (tokenId, day) => {
    if (tokenId !== 7) throw new Refused("TOKEN_UNKNOWN", `There is no token ${tokenId}.`);
    if (day !== DAY) throw new Refused("NOT_FOUND", "That day is not sealed.");
    return PROVEN;
  },
  bundle: (tokenId) => {
    if (tokenId !== 7) throw new Refused("TOKEN_UNKNOWN", `There is no token ${tokenId}.`);
    const { chainId, contract, genesis, local } = CHAIN;
    const whole = {
      context: "rigtwin/bundle/v1",
      madeTs: TS,
      site: "farm",
      rig: TWIN.rig,
      tokenId,
      chain: { chainId, contract, genesis, local },
      identity: { ...TWIN.identity, boardSerials: [...TWIN.identity.boardSerials] },
      records: [{ hash: RECORD.hash, bytes: RECORD.bytes, signature: null }],
      days: [PROVEN],
    };
    return (async function* pieces() {
      const text = JSON.stringify(whole);
      yield text.slice(0, 100);
      yield text.slice(100);
    })();
  },
  signed: (tokenId, day) => {
    if (tokenId !== 7) throw new Refused("TOKEN_UNKNOWN", `There is no token ${tokenId}.`);
    return { day, runs: [], lines: [], next: null };
  },
  ...NOTES,
  partChanges: () => ({ total: 1, changes: [{ ...PART_CHANGE, rig: TWIN.rig }] }),
  explainPart: ({ rig, number, reason, by }) => {
    if (rig !== TWIN.rig || number !== 1) throw new Refused("NOT_FOUND", `Rig "${rig}" has no open question of number ${number}.`);
    return { ...PART_CHANGE, explained: { how: "reason", reason, by, ts: TS } };
  },
  alarms: () => ({ next: null, total: 1, alarms: [ALARM] }),
  acknowledge: ({ alarm, by }) => {
    if (alarm !== ALARM.id) throw new Refused("NOT_FOUND", `There is no alarm ${alarm}.`);
    return { ...ALARM, acknowledgedTs: TS, acknowledgedBy: by };
  },
  usage: (query) => ({
    site: "farm",
    by: query.by,
    fromTs: TS,
    toTs: TS + 86_400_000,
    days: 1,
    currency: "USD",
    hashpriceCurrency: null,
    comparable: true,
    hashprice: null,
    total: USED,
    lines: [{ ...USED, name: '=1+1,"x"' }],
    curtailments: [{ fromTs: TS, toTs: TS + 300_000, rigs: 2, avoidedKwh: 1, saved: null, savedKgco2e: 0.1, forgoneThH: 3 }],
    asOfTs: TS,
  }),
  reliability: (query) => ({
    by: query.by,
    fromTs: TS,
    toTs: TS + 86_400_000,
    days: 1,
    alarmsFromTs: null,
    total: FAILED,
    lines: [FAILED],
    asOfTs: TS,
  }),
  report: ({ month }) =>
    reportOf({ site: "farm", month, days: [], places: new Map(), quotes: [], states: new Map(), asOfTs: TS, firstDay: 0 }),
  plans: () => ({ plans: [], total: 0, due: [] }),
  changePlan: (told) => {
    if (told.what === "drop") throw new Refused("NOT_FOUND", "There is no such plan.");
    return { plans: [told.plan], total: 0, due: [] };
  },
  setPositions: (csv) => {
    const { changes, same, faults } = readPositions(csv, [{ rig: TWIN.rig, serial: null, mac: null, position: null }]);
    if (faults.length > 0) throw new Refused("REQUEST_INVALID", faults.map(({ says }) => says).join("; "));
    return { changed: changes.length, same };
  },
  quotes: () => [QUOTE],
  addQuotes: () => [QUOTE],
  incidents: () => ({ total: 0, incidents: [] }),
  ruleTrial: () => ({ trial: null }),
  tryRule: () => ({ trial: null }),
  endTrial: () => ({ trial: null }),
  expected: () => ({
    ts: [],
    bucketMs: 10_000,
    lines: {
      hashrateThs: { measured: [], expected: [], deviation: [] },
      powerW: { measured: [], expected: [], deviation: [] },
      boardC: { measured: [], expected: [], deviation: [] },
    },
    learntMinutes: 0,
    drifting: [],
  }),
  alarmRules: () => ({ rules: [], maintenance: [], approvedPools: [] }),
  alarmAct: () => ({ rules: [], maintenance: [], approvedPools: [] }),
  commands: (query) => {
    calls.queries.push(query);
    return { total: 0, open: 0, commands: [] };
  },
  planCommands: ({ method, rigs }) => ({ method, affected: rigs.map((rig) => ({ rig, dueTs: TS })), held: [], lastsS: 0 }),
  orderCommands: () => ({ batch: "b", commands: [], held: [] }),
  orders: (query) => {
    calls.queries.push(query);
    return { total: 1, orders: [ORDER] };
  },
  openOrder: () => ORDER,
  order: knownOrder,
  changeOrder: knownOrder,
  addPhoto: (id, _by, _caption, bytes) => {
    if (cleanPicture(bytes) === null) throw new Refused("IMAGE_INVALID", "It is no picture.");
    return knownOrder(id);
  },
  photo: (hash) => {
    if (hash !== "0".repeat(64)) throw new Refused("NOT_FOUND", "There is no such picture.");
    return { media: "image/png", bytes: PIXEL };
  },
  energyTruth: () => ({
    asOfTs: TS,
    ...energyTruth({ meteredW: 3_500, mix: { grid: 1 }, gridGco2ePerKwh: 300, pricePerKwh: 0.1 }, [
      { rig: "rig-0001", said: { meter: null, pdu: null, miner: 3_250, custom: null, nameplate: 3_250 }, hashrateThs: 110 },
    ]),
    from: { mix: "meter" as const, carbon: "meter" as const, price: "meter" as const },
    settings: { plan: [], pricePerKwh: null, gridGco2ePerKwh: null, rigsW: {}, modelsW: {}, feed: null },
  }),
  inbox: () => INBOX,
  map: (mapping) => {
    const fault = mappingFault(mapping);
    if (fault !== null) throw new Refused(fault.code, fault.detail);
    return INBOX;
  },
  previewMapping: (mapping) => {
    const fault = mappingFault(mapping);
    if (fault !== null) throw new Refused(fault.code, fault.detail);
    return { topics: 0, messages: 0, newest: [] };
  },
  unmap: (topic) => {
    if (topic === "none") throw new Refused("NOT_FOUND", "There is no mapping of that topic.");
    return INBOX;
  },
  refusals: (limit) => {
    calls.queries.push(limit);
    return {
      total: 1,
      byCode: { PAYLOAD_NOT_JSON: 1 },
      refusals: [{ pos: 3, receivedTs: TS, topic: "rigtwin/v1/farm/x/telemetry", code: "PAYLOAD_NOT_JSON", detail: "no", sample: "{" }],
    };
  },
  chainInfo: () => CHAIN,
  rpc: (call) => {
    calls.rpc.push(call);
    return Promise.resolve({ jsonrpc: "2.0", id: call.id, result: "0xc" });
  },
  metered: () => ({
    version: "1.2.3",
    ingest: {
      accepted: 4,
      refusedByCode: { PAYLOAD_NOT_JSON: 1 },
      duplicates: 1,
      late: 0,
      journalBytes: 4096,
      headPos: 9,
      foldedPos: 9,
      storedPos: 8,
      storeLagS: 1.5,
      damagedEntries: 0,
    },
    parts: { journal: { status: "ok" }, series: { status: "away" } },
    totals: TOTALS,
    twins: [TWIN],
    viewers: 2,
    chainAway: false,
    provenance: { lastDay: 20_402, waitingDays: 1, checkedDays: 5, mismatchedDays: 0 },
  }),
});

export interface Started {
  readonly port: number;
  readonly faults: readonly Fault[];
  readonly calls: Calls;
  readonly edge: ReturnType<typeof createHttp>;
  readonly house: House;
}
export { PASSWORD } from "./people.ts";

const running: Started[] = [];

/** Starts an edge on a free port; `stopAll` stops it. */
export const startHttp = async (given: Partial<HttpOptions> = {}): Promise<Started> => {
  const faults: Fault[] = [];
  const calls: Calls = { rpc: [], records: [], queries: [] };
  const house = await openHouse(given.now);
  const edge = createHttp({
    handlers: farm(calls, house),
    host: "127.0.0.1",
    port: 0,
    version: "1.2.3",
    dashboard: "/nowhere",
    door: house.people,
    localRole: "admin",
    allowedHosts: [],
    onFault: (fault) => faults.push(fault),
    ...given,
  });
  const { port } = await edge.start();
  const started = { port, faults, calls, edge, house };
  running.push(started);
  return started;
};

export const stopAll = async (): Promise<void> => {
  for (const { edge, house } of running.splice(0)) {
    await edge.stop();
    house.close();
  }
};

export interface Wish {
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly address?: string;
}
export interface Heard {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
  readonly json: () => unknown;
  readonly code: () => string;
}

/** A file as a body. */
export const picture = (bytes: Buffer, media = "image/png"): Wish => ({ method: "POST", headers: { "content-type": media }, body: bytes });

/** A file that the route takes, nothing where it takes none. */
export const fileFor = ({ upload }: Pick<Route, "upload">): Partial<Wish> =>
  upload === undefined ? {} : upload.media.includes("text/csv") ? picture(Buffer.from(POSITIONS), "text/csv") : picture(PIXEL);
const POSITIONS = "rig,container,rack,slot\nrig-0001,C1,R1,1\n";

/** One request over a connection of its own; nothing is added to what is wished but Content-Type: application/json for a body. */
export const ask = (port: number, path: string, wish: Wish = {}): Promise<Heard> =>
  new Promise((resolve, reject) => {
    const address = wish.address ?? "127.0.0.1";
    const outgoing = openRequest(
      {
        host: address,
        port,
        path,
        method: wish.method ?? "GET",
        agent: false,
        headers: {
          host: wish.host ?? `127.0.0.1:${port}`,
          ...(wish.body === undefined ? {} : { "content-type": "application/json" }),
          ...wish.headers,
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.once("error", reject);
        response.once("end", () => {
          const bytes = Buffer.concat(parts);
          const text = bytes.toString();
          const json = (): unknown => JSON.parse(text);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes,
            text,
            json,
            code: () => (json() as { code: string }).code,
          });
        });
      },
    );
    outgoing.once("error", reject);
    outgoing.end(wish.body);
  });

export const post = (port: number, path: string, body: unknown, wish: Wish = {}): Promise<Heard> =>
  ask(port, path, { method: "POST", body: JSON.stringify(body), ...wish });

/** What the app shows that admin, the first person, has just set up. */
export const codeOfApp = ({ house }: Started): string => {
  const { secret } = house.people.startTotp(1);
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate();
};
/** The body of a good request: its example's, where that does not depend on what is there. */
export const bodyOf = (http: Started, id: string, example: unknown): unknown =>
  id === "acknowledge" ? { alarm: ALARM.id, by: "badge-17" } : id === "confirmTotp" ? { code: codeOfApp(http) } : example;
