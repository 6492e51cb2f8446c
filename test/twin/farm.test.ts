import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { foldEntry, newFarm, nothingYet, type Farm, type Outcome } from "../../server/twin/farm.ts";
import { activeAlarms } from "../../server/twin/alarms/book.ts";
import { recordsOf } from "../../server/twin/ledger.ts";
import { sealRecord } from "../../server/twin/seal.ts";
import { dirtyCells, farmHash, farmOfLines, restoreCells, snapshotLines, snapshotTexts } from "../../server/twin/snapshot.ts";
import { noRows } from "../../server/twin/rows.ts";
import { RIG_FIELDS, type RowSet } from "../../server/twin/series.ts";
import { sift } from "../../server/twin/sift.ts";
import { totalsOf } from "../../server/twin/live.ts";
import type { Entry, Message } from "../../server/twin/twin.ts";
import { OWN } from "../../server/twin/wire.ts";
import { rowsIn } from "../rows.ts";
import { birth, energy, T0, telemetry, text, tick } from "../flows/hands.ts";

type Put = Partial<Message> & { topic: string; payload: Uint8Array; atTs?: number };
const entriesOf = (puts: readonly Put[]): Entry[] =>
  puts.map(({ atTs, ...put }, i) => ({
    qos: 1,
    retain: false,
    dup: false,
    client: "",
    ...put,
    pos: i + 1,
    receivedTs: atTs ?? T0 + i * 100,
  }));
const foldAll = (entries: readonly Entry[], farm: Farm = newFarm("farm")): { farm: Farm; out: Outcome; rows: RowSet } => {
  const rows = noRows();
  const out = nothingYet(rows);
  for (const entry of entries) foldEntry(farm, entry, out);
  return { farm, out, rows };
};

describe("one entry after the other", () => {
  test("a born rig with a reading is a twin with rows, totals and a place in the digest", () => {
    const { farm, out, rows } = foldAll(
      entriesOf([birth("r1", { container: "c1", rack: "1", slot: "2" }), telemetry("r1", T0, 0), energy(T0, 0, 3_200)]),
    );
    expect(farm.twins.get("r1")).toMatchObject({
      state: "hashing",
      modelId: "antminer-s19j-pro",
      position: { slot: "2" },
      nameplate: { hashrateThs: 104 },
    });
    expect(rowsIn(rows.rig).map(({ name }) => name)).toEqual(["r1"]);
    expect(rowsIn(rows.site_energy).map(({ name }) => name)).toEqual(["meter-1/meter", "meter-1/grid"]);
    expect([...out.roster]).toEqual(["r1"]);
    expect(totalsOf(farm)).toMatchObject({
      rigs: 1,
      hashrateThs: 100,
      nameplateThs: 104,
      reportedW: 3_000,
      meteredW: 3_200,
      efficiencyJTh: 32,
      gco2ePerKwh: 300,
    });
    expect([...farm.digest.keys()]).toEqual([`${Math.floor(T0 / 86_400_000)}/1/r1`]);
  });

  test("a rig that comes to a stop tells nothing that a series store would refuse: the last of its hashes make no J/TH", () => {
    const hashes = [100, 0.01, 0.001, 0.000_05, 1e-12, 0];
    const { rows } = foldAll(entriesOf(hashes.map((hashrateThs, seq) => telemetry("r1", T0 + seq * 10_000, seq, { hashrateThs }))));
    const efficiency = RIG_FIELDS.indexOf("efficiencyJTh");
    expect(rowsIn(rows.rig).map(({ values }) => values[efficiency])).toEqual([30, 300_000, NaN, NaN, NaN, NaN]);
    expect(sift({ rows, upTo: 1 }, 0).rejected).toEqual([]);
  });

  test("within a boot the same reading is the newest at the end, whatever the clock did and in whatever order they come", () => {
    // Of a clock that is set back by whole readings, some bear a time that one before them bore.
    const offsets = fc.oneof(fc.integer({ min: 0, max: 3_600_000 }), fc.integer({ min: 0, max: 5 }));
    const readings = fc.array(offsets, { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(
        readings.chain((offsets) =>
          fc.shuffledSubarray([...offsets.entries()], { minLength: offsets.length }).map((order) => ({ offsets, order })),
        ),
        ({ offsets, order }) => {
          const { farm } = foldAll(entriesOf(order.map(([seq, offset]) => telemetry("r1", T0 - offset, seq, { uptimeS: seq }))));
          const newest = offsets.length - 1;
          expect(farm.twins.get("r1")).toMatchObject({
            lastSeq: newest,
            lastDeviceTs: T0 - (offsets[newest] ?? 0),
            latest: { uptimeS: newest },
          });
        },
      ),
    );
  });

  test("a rig whose clock is set back by whole readings goes on, and those moments keep the point they have", () => {
    const puts = [birth("r1"), ...Array.from({ length: 12 }, (_, seq) => telemetry("r1", T0 + (seq % 6) * 10_000, seq, { uptimeS: seq }))];
    const { farm, rows } = foldAll(entriesOf(puts));
    expect(farm.twins.get("r1")).toMatchObject({ lastSeq: 11, lastSeenTs: farm.asOfTs, latest: { uptimeS: 11 }, state: "hashing" });
    expect(farm).toMatchObject({ accepted: 6, duplicates: 6 });
    expect(rowsIn(rows.rig).map(({ ts }) => ts)).toEqual([0, 1, 2, 3, 4, 5].map((i) => T0 + i * 10_000));
  });

  test("a meter whose clock is set back by whole readings goes on, and those moments keep the points they have", () => {
    const puts = Array.from({ length: 12 }, (_, seq) => energy(T0 + (seq % 6) * 10_000, seq, 1_000 + seq));
    const { farm, out, rows } = foldAll(entriesOf(puts));
    expect(totalsOf(farm).meteredW).toBe(1_011);
    expect([farm.accepted, farm.duplicates, farm.late, out.metered, rows.site_energy.count]).toEqual([6, 6, 0, 12, 12]);
    // Sent again, none of it is anything new.
    const again = foldAll(entriesOf([...puts, ...puts])).farm;
    expect([again.accepted, again.duplicates, again.energy]).toEqual([6, 18, farm.energy]);
  });

  test("what a meter told before it started anew is not its present when it is sent again, however its clock was set back since", () => {
    const before = (put: ReturnType<typeof energy>) => ({
      ...put,
      payload: new TextEncoder().encode(new TextDecoder().decode(put.payload).replace(/"boot":"[^"]*"/, '"boot":"b0"')),
    });
    const old = [before(energy(T0 - 660_000, 498, 1_000)), before(energy(T0 - 60_000, 499, 1_000))];
    const puts = [...old, energy(T0, 0, 5_000), energy(T0 - 960_000, 1, 6_000)];
    const { farm } = foldAll(entriesOf(puts));
    const again = foldAll(entriesOf([...puts, ...old])).farm;
    expect([totalsOf(again).meteredW, again.energy, again.duplicates]).toEqual([6_000, farm.energy, farm.duplicates + 2]);
  });

  test("redelivery and replay change nothing but the count of duplicates", () => {
    const puts = [birth("r1"), telemetry("r1", T0, 0), telemetry("r1", T0 + 5_000, 1)];
    const once = foldAll(entriesOf(puts));
    const twice = foldAll(entriesOf([...puts, telemetry("r1", T0 + 5_000, 1), telemetry("r1", T0, 0)]));
    expect(twice.rows).toEqual(once.rows);
    expect(twice.farm).toMatchObject({ accepted: 2, duplicates: 2 });
    const { counts: _a, rev: _b, ...first } = once.farm.twins.get("r1") ?? { counts: null, rev: 0 };
    const { counts: _c, rev: _d, ...second } = twice.farm.twins.get("r1") ?? { counts: null, rev: 0 };
    expect(second).toEqual(first);
    // An entry folded before is passed over by its position.
    const entries = entriesOf(puts);
    foldAll(entries, once.farm);
    expect(once.farm.accepted).toBe(2);
  });

  test.each([
    ["rigtwin/v1/farm/r1/telemetry", "{", "PAYLOAD_NOT_JSON"],
    ["rigtwin/v1/farm/r1/telemetry", "", "PAYLOAD_NOT_JSON"],
    ["rigtwin/v1/farm/r1/telemetry", '{"v":1,"ts":1750000000000,"seq":0,"boot":"b","m":{"powerW":NaN}}', "NUMBER_NOT_FINITE"],
    ["rigtwin/v1/farm/r1/telemetry", '{"v":2,"ts":1750000000000,"seq":0,"boot":"b","m":{}}', "VERSION_UNKNOWN"],
    ["rigtwin/v1/farm/r1/telemetry", '{"v":1,"ts":1750000000000,"seq":0,"boot":"b","m":{"powerW":"3000"}}', "PAYLOAD_INVALID"],
    ["rigtwin/v1/farm/r1/telemetry", '{"v":1,"ts":1750000400000,"seq":0,"boot":"b","m":{}}', "CLOCK_IN_FUTURE"],
    ["rigtwin/v1/farm/r1/telemetry", '{"v":1,"ts":1750000000,"seq":0,"boot":"b","m":{}}', "CLOCK_IMPLAUSIBLE"],
    ["rigtwin/v1/farm/r1/answers", '{"v":1,"ts":1750000000000,"seq":0,"boot":"b","answers":{"x":{"y":1}}}', "ANSWERS_UNRECOGNISED"],
    ["rigtwin/v1/other/r1/telemetry", "{}", "TOPIC_UNKNOWN"],
    ["rigtwin/v1/farm/r1/nonsense", "{}", "TOPIC_UNKNOWN"],
    ["tele/plug/SENSOR", "{}", "TOPIC_UNKNOWN"],
    ["rigtwin/v1/farm/r 1/telemetry", "{}", "TOPIC_INVALID"],
    ["rigtwin/v1/farm/__proto__/telemetry", "{}", "TOPIC_INVALID"],
  ])("%s %s is refused as %s, alone", (topic, payload, code) => {
    const good = [birth("good"), telemetry("good", T0, 0)];
    const { farm, out } = foldAll(entriesOf([...good, text(topic, payload), telemetry("good", T0 + 5_000, 1)]));
    expect(out.refused).toEqual([expect.objectContaining({ pos: 3, topic, code, sample: payload.slice(0, 200) })]);
    expect(farm.inbox).toHaveLength(1);
    expect(farm.accepted).toBe(2);
    expect([...farm.twins.keys()]).toEqual(["good"]);
  });

  test("bytes that are no text, and 300 kB of it, are refused", () => {
    const { out } = foldAll(
      entriesOf([
        { topic: "rigtwin/v1/farm/r1/telemetry", payload: Uint8Array.of(0xff, 0xfe, 0x00) },
        { topic: "rigtwin/v1/farm/r1/telemetry", payload: new Uint8Array(300_000).fill(0x20) },
      ]),
    );
    expect(out.refused.map(({ code }) => code)).toEqual(["PAYLOAD_NOT_UTF8", "PAYLOAD_TOO_LARGE"]);
    expect(out.refused.every(({ sample }) => sample.length <= 200)).toBe(true);
  });

  test("no bytes whatever throw or make a twin of nonsense", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom("telemetry", "answers", "birth", "state", "energy"),
        (payload, channel) => {
          foldAll(entriesOf([{ topic: `rigtwin/v1/farm/r1/${channel}`, payload }]));
        },
      ),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.json(), fc.constantFrom("telemetry", "answers", "birth", "state", "energy"), (json, channel) => {
        foldAll(entriesOf([text(`rigtwin/v1/farm/r1/${channel}`, json)]));
      }),
      { numRuns: 500 },
    );
  });

  test("silence becomes offline by the journal's own ticks, then an alarm; an operator's act is folded too", () => {
    const puts: Put[] = [birth("r1"), { ...telemetry("r1", T0, 0), atTs: T0 }, { ...telemetry("r1", T0 + 4_000, 1), atTs: T0 + 4_000 }];
    for (let s = 5; s <= 180; s += 5) puts.push({ ...tick, atTs: T0 + s * 1_000 });
    const { farm, out } = foldAll(entriesOf(puts));
    expect(farm.twins.get("r1")?.state).toBe("offline");
    const [alarm] = activeAlarms(farm.alarms);
    expect(alarm).toMatchObject({ kind: "offline", rig: "r1" });
    expect(out.alarms).toEqual([alarm]);
    const act = {
      topic: OWN.act,
      payload: new TextEncoder().encode(JSON.stringify({ what: "acknowledge", alarm: alarm?.id, by: "op-1" })),
    };
    foldAll([{ ...entriesOf([act])[0], pos: farm.asOfPos + 1, receivedTs: T0 + 200_000 } as Entry], farm);
    expect(activeAlarms(farm.alarms)[0]).toMatchObject({ acknowledgedBy: "op-1", acknowledgedTs: T0 + 200_000 });
  });

  test("an assigned position outranks the birth's; one for an unknown rig is nothing", () => {
    const assign = (rig: string) => ({
      topic: OWN.act,
      payload: new TextEncoder().encode(JSON.stringify({ what: "assign", rig, container: "c9", rack: "9", slot: "9", by: "op" })),
    });
    const { farm } = foldAll(
      entriesOf([birth("r1"), assign("r1"), assign("ghost"), birth("r1", { container: "c1", rack: "1", slot: "1" })]),
    );
    expect(farm.twins.get("r1")?.position).toEqual({ container: "c9", rack: "9", slot: "9" });
    expect(farm.twins.has("ghost")).toBe(false);
  });
});

describe("snapshots", () => {
  const day = (): Entry[] => {
    const puts: Put[] = [];
    for (let i = 0; i < 4; i++) puts.push(birth(`r${i}`));
    for (let s = 0; s < 900; s += 5) {
      puts.push({ ...tick, atTs: T0 + s * 1_000 });
      for (let i = 0; i < 4; i++)
        if (i > 0 || s < 300)
          puts.push({ ...telemetry(`r${i}`, T0 + s * 1_000, s / 5, { hashrateThs: i === 2 ? 40 : 100 }), atTs: T0 + s * 1_000 + 20 });
      puts.push({ ...energy(T0 + s * 1_000, s / 5, 12_000 + s), atTs: T0 + s * 1_000 + 30 });
    }
    return entriesOf(puts);
  };

  test("the same entries give the same farm, byte for byte, whether folded at one go or from a snapshot in between", () => {
    const entries = day();
    const whole = foldAll(entries).farm;
    expect(activeAlarms(whole.alarms).length).toBeGreaterThan(1);
    for (const cut of [1, 200, 481, entries.length]) {
      const first = foldAll(entries.slice(0, cut)).farm;
      const lines = [...snapshotLines(first)];
      const cells = JSON.parse(JSON.stringify(dirtyCells(first.digest))) as ReturnType<typeof dirtyCells>;
      const restored = farmOfLines(lines);
      restoreCells(restored, cells);
      const second = foldAll(entries.slice(cut), restored).farm;
      expect(farmHash(second)).toBe(farmHash(whole));
      expect([...second.twins.keys()]).toEqual([...whole.twins.keys()]);
      expect(second.retained.size).toBe(4);
    }
  });

  test("a different entry gives a different hash; cells are given once", () => {
    const entries = day();
    const { farm } = foldAll(entries);
    const other = foldAll(entries.slice(0, -1)).farm;
    expect(farmHash(other)).not.toBe(farmHash(farm));
    expect(dirtyCells(farm.digest).length).toBeGreaterThan(0);
    expect(dirtyCells(farm.digest)).toEqual([]);
  });

  test("bytes that are kept come back as they were, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 60 }), (payloads) => {
        const farm = newFarm("farm");
        for (const [i, payload] of payloads.entries()) farm.retained.set(`rigtwin/v1/farm/r${i}/birth`, payload);
        const { retained } = farmOfLines(snapshotLines(farm));
        expect([...retained.values()].map((bytes) => [...bytes])).toEqual(payloads.map((bytes) => [...bytes]));
      }),
    );
  });

  test("what is folded while its texts are still being taken is not in a snapshot", () => {
    const entries = day();
    const { farm } = foldAll(entries.slice(0, 20));
    const before = [...snapshotLines(farm)].join("\n");
    const texts = snapshotTexts(farm);
    const first = texts.next().value as string;
    foldAll(entries.slice(20), farm);
    expect(`${first}${[...texts].join("")}`.trimEnd()).toBe(before);
  });

  test("whatever is folded between whichever two of its pieces, by several readers at once, each snapshot is the farm of its moment", () => {
    const rigs = 120;
    const nameOf = (rig: number): string => `r${rig}`;
    const actOf = (act: object) => ({ topic: OWN.act, payload: new TextEncoder().encode(JSON.stringify(act)) });
    const said = fc.oneof(
      { weight: 6, arbitrary: fc.record({ what: fc.constant("reading" as const), rig: fc.nat(rigs - 1) }) },
      fc.record({ what: fc.constantFrom("relearn", "birth", "future", "tick", "record"), rig: fc.nat(rigs - 1) }),
    );
    /** So few have records that some get a second one meanwhile. */
    const RECORDED = 3;
    const recordOf = (farm: Farm, rig: string) => {
      const facts = { site: "farm", rig, serial: null, performedTs: T0, sealedTs: T0, technician: "badge-17", parts: [] };
      const sealed = sealRecord({ ...facts, kind: "inspection", summary: "x" }, recordsOf(farm.ledger, rig).at(-1) ?? null);
      return { topic: OWN.record, payload: new TextEncoder().encode(sealed.bytes) };
    };
    fc.assert(
      fc.property(fc.array(fc.array(said, { maxLength: 40 }), { minLength: 3, maxLength: 25 }), fc.nat(12), (turns, secondAt) => {
        let seq = 0;
        const putOf = ({ what, rig }: { what: string; rig: number }): Put => {
          seq += 1;
          const atTs = T0 + 60_000 + seq * 1_000;
          if (what === "relearn") return { ...actOf({ what, rig: nameOf(rig), by: "t1" }), atTs };
          if (what === "birth") return { ...birth(nameOf(rig)), retain: true, atTs };
          if (what === "record") return { ...recordOf(farm, nameOf(rig % RECORDED)), atTs };
          if (what === "tick") return { ...tick, atTs };
          return { ...telemetry(nameOf(rig), what === "future" ? atTs + 3_600_000 : atTs, seq), atTs };
        };
        const { farm } = foldAll(
          entriesOf([
            ...Array.from({ length: rigs }, (_, rig) => ({ ...birth(nameOf(rig)), retain: true })),
            ...Array.from({ length: rigs }, (_, rig) => telemetry(nameOf(rig), T0, 0)),
            ...Array.from({ length: RECORDED }, (_, rig) => recordOf(newFarm("farm"), nameOf(rig))),
          ]),
        );
        const takers: { readonly texts: Generator<string>; readonly wanted: string; got: string }[] = [];
        const begin = (): void => {
          const wanted = [...snapshotTexts(farm)].join("");
          takers.push({ texts: snapshotTexts(farm), wanted, got: "" });
        };
        begin();
        turns.forEach((turn, at) => {
          if (at === secondAt) begin();
          const entries = entriesOf(turn.map(putOf)).map((entry) => ({ ...entry, pos: entry.pos + farm.asOfPos }));
          foldAll(entries, farm);
          for (const taker of takers) taker.got += (taker.texts.next().value as string | undefined) ?? "";
        });
        for (const { texts, wanted, got } of takers) expect(`${got}${[...texts].join("")}`).toBe(wanted);
      }),
      { numRuns: 60 },
    );
  });

  test("texts that are given up hold nothing", () => {
    const { farm } = foldAll(day());
    const watch = farm.watches.get("r1");
    if (watch === undefined) throw new Error("nobody is watched");
    const texts = snapshotTexts(farm);
    texts.return(undefined);
    let asked = 0;
    Object.defineProperty(watch, "toJSON", { value: () => (asked += 1) });
    foldAll(
      entriesOf([telemetry("r1", T0 + 86_400_000, 9_000)]).map((entry) => ({ ...entry, pos: farm.asOfPos + 1 })),
      farm,
    );
    expect(asked).toBe(0);
  });

  test("a farm of any size is what it was, whatever letters its texts have", () => {
    const { farm } = foldAll(day());
    for (let i = 0; i < 60; i++) farm.retained.set(`rigtwin/v1/farm/größe-\u{1f50c}-${i}/birth`, new Uint8Array(250_000).fill(i));
    const again = farmOfLines(snapshotLines(farm));
    expect([...again.retained.keys()]).toEqual([...farm.retained.keys()]);
    expect([...again.retained].every(([topic, bytes]) => Buffer.compare(bytes, farm.retained.get(topic) ?? new Uint8Array(0)) === 0)).toBe(
      true,
    );
    expect(again.watches).toEqual(farm.watches);
    expect(again.seen).toEqual(farm.seen);
    expect(again.ledger).toEqual(farm.ledger);
  });

  test("another version is refused", () => {
    const [first = "", ...rest] = snapshotLines(foldAll(day()).farm);
    expect(() => farmOfLines([first.replace(/"version":\d+/, '"version":999'), ...rest])).toThrow(/version 999/);
  });
});
