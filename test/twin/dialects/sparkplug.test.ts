/** The host against an edge node whose bytes an independent implementation (Eclipse Tahu's `sparkplug-payload`) writes. */
import sparkplug from "sparkplug-payload";
import type { UMetric, UPayload } from "sparkplug-payload/lib/sparkplugbpayload.js";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readPayload, rebirthPayload } from "../../../server/twin/dialects/sparkplug-payload.ts";
import { listen, T0 } from "./folded.ts";

const library = sparkplug.get("spBv1.0");
if (library === null || library === undefined) throw new Error("no such namespace");
const encode = (payload: UPayload): Uint8Array => library.encodePayload(payload);

const metric = (name: string, value: unknown, type: string, more: object = {}): UMetric =>
  ({ name, value, type, timestamp: T0, ...more }) as unknown as UMetric;
const unit = (engUnit: string) => ({ properties: { engUnit: { type: "String", value: engUnit } } });

const NBIRTH = (over: Partial<UPayload> = {}): Uint8Array =>
  encode({
    timestamp: T0,
    seq: 0,
    metrics: [metric("bdSeq", 7, "UInt64"), metric("Node Control/Rebirth", false, "Boolean")],
    ...over,
  } as UPayload);
const DBIRTH = (seq = 1): Uint8Array =>
  encode({
    timestamp: T0,
    seq,
    metrics: [
      metric("Properties/Model", "Antminer S21", "String"),
      metric("Hashrate", 198_500, "Double", { alias: 1, ...unit("GH/s") }),
      metric("Power", 3.5, "Float", { alias: 2, ...unit("kW") }),
      metric("Chip Temperature", 71, "Int16", { alias: 3, ...unit("°C") }),
      metric("Fan 1 Speed", 5_880, "UInt32", { alias: 4, ...unit("rpm") }),
      metric("Mining", true, "Boolean", { alias: 5 }),
      metric("Board 0/Temperature", 61.5, "Float", { alias: 6, ...unit("C") }),
    ],
  } as UPayload);
const aliased = (alias: number, value: unknown, type: string): UMetric => ({ alias, value, type }) as unknown as UMetric;
const DDATA = (seq: number, metrics: UMetric[], timestamp = T0 + seq * 1_000): Uint8Array =>
  encode({ timestamp, seq, metrics } as UPayload);

const born = () => {
  const world = listen();
  world.hear("spBv1.0/plant/NBIRTH/edge1", NBIRTH());
  world.hear("spBv1.0/plant/DBIRTH/edge1/rig7", DBIRTH());
  return world;
};
const REBIRTH = "spBv1.0/plant/NCMD/edge1";

describe("an edge node", () => {
  test("is born: names, types, units and aliases make a twin", () => {
    const { rig, out } = born();
    const twin = rig("edge1-rig7");
    expect(twin?.identity.model).toBe("Antminer S21");
    expect(twin?.latest).toMatchObject({
      mode: "mining",
      hashrateThs: 198.5,
      powerW: 3_500,
      chipC: 71,
      boardC: 61.5,
      fans: [{}, { index: 1, rpm: 5_880 }],
    });
    expect(twin?.announced).toBe("online");
    expect(out.wishes).toEqual([]);
  });
  test("tells only what changed, by alias", () => {
    const { hear, rig, out } = born();
    hear("spBv1.0/plant/DDATA/edge1/rig7", DDATA(2, [aliased(1, 190_000, "Double"), aliased(5, false, "Boolean")]));
    expect(rig("edge1-rig7")?.latest).toMatchObject({ mode: "paused", hashrateThs: 190, powerW: 3_500 });
    expect(rig("edge1-rig7")?.counts.readings).toBe(2);
    expect(out.wishes).toEqual([]);
  });
  test("counts to 255 and begins again without a request", () => {
    const { hear, out } = born();
    for (let seq = 2; seq < 600; seq++)
      hear("spBv1.0/plant/DDATA/edge1/rig7", DDATA(seq % 256, [aliased(1, 190_000 + seq, "Double")], T0 + seq * 1_000));
    expect(out.wishes).toEqual([]);
  });
  test("skips a number, and is asked to be born again, once", () => {
    const { hear, out } = born();
    hear("spBv1.0/plant/DDATA/edge1/rig7", DDATA(3, [aliased(1, 190_000, "Double")]));
    hear("spBv1.0/plant/DDATA/edge1/rig7", DDATA(5, [aliased(1, 190_001, "Double")]));
    expect(out.wishes.map(({ topic }) => topic)).toEqual([REBIRTH]);
    const asked = library.decodePayload(out.wishes[0]?.payload ?? new Uint8Array());
    expect(asked.metrics).toMatchObject([{ name: "Node Control/Rebirth", type: "Boolean", value: true }]);
  });
  test.each([
    [
      "data before a birth",
      (hear: ReturnType<typeof listen>["hear"]) => hear("spBv1.0/plant/NDATA/edge1", DDATA(4, [aliased(1, 1, "Double")])),
    ],
    [
      "a device's data before its birth",
      (hear: ReturnType<typeof listen>["hear"]) => {
        hear("spBv1.0/plant/NBIRTH/edge1", NBIRTH());
        hear("spBv1.0/plant/DDATA/edge1/rig7", DDATA(1, [aliased(1, 1, "Double")]));
      },
    ],
    [
      "an alias nobody declared",
      (hear: ReturnType<typeof listen>["hear"]) => {
        hear("spBv1.0/plant/NBIRTH/edge1", NBIRTH());
        hear("spBv1.0/plant/DBIRTH/edge1/rig7", DBIRTH());
        hear("spBv1.0/plant/DDATA/edge1/rig7", DDATA(2, [aliased(99, 1, "Double")]));
      },
    ],
  ])("is asked to be born again after %s", (_what, say) => {
    const { hear, out } = listen();
    say(hear);
    expect(out.wishes.map(({ topic }) => topic)).toEqual([REBIRTH]);
  });
  test("dies, with its devices; the death of an earlier session is none", () => {
    const { hear, rig } = born();
    const death = (bdSeq: number): Uint8Array => encode({ timestamp: T0, metrics: [metric("bdSeq", bdSeq, "UInt64")] } as UPayload);
    hear("spBv1.0/plant/NDEATH/edge1", death(6));
    expect(rig("edge1-rig7")?.announced).toBe("online");
    hear("spBv1.0/plant/NDEATH/edge1", death(7));
    expect(rig("edge1-rig7")?.announced).toBe("lost");
    hear("spBv1.0/plant/NBIRTH/edge1", NBIRTH({ metrics: [metric("bdSeq", 8, "UInt64")] }));
    hear("spBv1.0/plant/DBIRTH/edge1/rig7", DBIRTH());
    expect(rig("edge1-rig7")?.announced).toBe("online");
  });
  test("whose death comes before any birth is nobody, and is asked for its birth once it measures", () => {
    const { hear, farm, out } = listen();
    hear("spBv1.0/plant/NDEATH/edge1", encode({ timestamp: T0, metrics: [metric("bdSeq", 3, "UInt64")] } as UPayload));
    expect([farm.twins.size, out.wishes.length]).toEqual([0, 0]);
    hear("spBv1.0/plant/DDATA/edge1/rig7", DDATA(2, [aliased(1, 190_000, "Double")]));
    expect(out.wishes.map(({ topic }) => topic)).toEqual([REBIRTH]);
    hear("spBv1.0/plant/NBIRTH/edge1", NBIRTH());
    hear("spBv1.0/plant/DBIRTH/edge1/rig7", DBIRTH());
    expect(out.wishes).toHaveLength(1);
    expect(farm.twins.get("edge1-rig7")?.announced).toBe("online");
  });
  test("tells a metric with neither name nor alias: asked to be born again, the rest is read", () => {
    const { hear, rig, out } = born();
    hear("spBv1.0/plant/DDATA/edge1/rig7", DDATA(2, [{ value: 1, type: "Double" } as unknown as UMetric, aliased(1, 191_000, "Double")]));
    expect(rig("edge1-rig7")?.latest.hashrateThs).toBe(191);
    expect(out.wishes.map(({ topic }) => topic)).toEqual([REBIRTH]);
  });
  test("two devices with the same alias are not mistaken for one another", () => {
    const { hear, rig, out } = born();
    hear(
      "spBv1.0/plant/DBIRTH/edge1/rig8",
      encode({
        timestamp: T0,
        seq: 2,
        metrics: [
          metric("Chip Temperature", 55, "Int16", { alias: 1, ...unit("°C") }),
          metric("Power", 3, "Float", { alias: 2, ...unit("kW") }),
        ],
      } as UPayload),
    );
    hear("spBv1.0/plant/DDATA/edge1/rig7", DDATA(3, [aliased(1, 120_000, "Double")]));
    hear("spBv1.0/plant/DDATA/edge1/rig8", DDATA(4, [aliased(1, 58, "Int16")]));
    expect(rig("edge1-rig7")?.latest).toMatchObject({ hashrateThs: 120, chipC: 71 });
    expect(rig("edge1-rig8")?.latest).toMatchObject({ hashrateThs: null, chipC: 58, powerW: 3_000 });
    expect(out.wishes).toEqual([]);
  });
  test("two edge nodes count each for itself, however their messages are mixed", () => {
    const { hear, rig, out } = born();
    hear("spBv1.0/plant/NBIRTH/edge2", NBIRTH());
    hear("spBv1.0/plant/DDATA/edge1/rig7", DDATA(2, [aliased(1, 191_000, "Double")]));
    hear("spBv1.0/plant/DBIRTH/edge2/rig7", DBIRTH());
    hear("spBv1.0/plant/DDATA/edge2/rig7", DDATA(2, [aliased(1, 50_000, "Double")]));
    hear("spBv1.0/plant/DDATA/edge1/rig7", DDATA(3, [aliased(1, 192_000, "Double")]));
    expect([rig("edge1-rig7")?.latest.hashrateThs, rig("edge2-rig7")?.latest.hashrateThs]).toEqual([192, 50]);
    expect(out.wishes).toEqual([]);
  });
  test("loses a device in the order of its count: born again it goes on", () => {
    const { hear, rig, out } = born();
    hear("spBv1.0/plant/DDEATH/edge1/rig7", encode({ timestamp: T0, seq: 2 } as UPayload));
    hear("spBv1.0/plant/DDATA/edge1/rig7", DDATA(3, [aliased(1, 1, "Double")]));
    expect(out.wishes.map(({ topic }) => topic)).toEqual([REBIRTH]);
    hear("spBv1.0/plant/NBIRTH/edge1", NBIRTH());
    hear("spBv1.0/plant/DBIRTH/edge1/rig7", DBIRTH());
    expect(rig("edge1-rig7")?.announced).toBe("online");
  });
  test("loses one device", () => {
    const { hear, rig, out } = born();
    hear("spBv1.0/plant/DDEATH/edge1/rig7", encode({ timestamp: T0, seq: 2 } as UPayload));
    expect(rig("edge1-rig7")?.announced).toBe("lost");
    expect(out.wishes).toEqual([]);
  });
  test("hands in what it kept while it was cut off: each time a reading of its own", () => {
    const { hear, rig } = born();
    const past = (ts: number, value: number): UMetric =>
      ({ name: "Hashrate", alias: 1, value, type: "Double", timestamp: ts, isHistorical: true }) as unknown as UMetric;
    hear(
      "spBv1.0/plant/DDATA/edge1/rig7",
      DDATA(2, [past(T0 - 20_000, 150_000), past(T0 - 10_000, 160_000), aliased(1, 170_000, "Double")]),
    );
    expect(rig("edge1-rig7")?.latest.hashrateThs).toBe(170);
    expect(rig("edge1-rig7")?.counts).toMatchObject({ readings: 4, late: 2 });
  });
  test("a value that is null is unknown, not 0", () => {
    const { hear, rig } = born();
    hear("spBv1.0/plant/DDATA/edge1/rig7", DDATA(2, [aliased(3, null, "Int16")]));
    expect(rig("edge1-rig7")?.latest.chipC).toBeNull();
  });
  test("a rate without its unit is not taken for TH/s", () => {
    const { hear, rig } = listen();
    hear("spBv1.0/plant/NBIRTH/edge1", NBIRTH());
    hear(
      "spBv1.0/plant/DBIRTH/edge1/rig8",
      encode({ timestamp: T0, seq: 1, metrics: [metric("Hashrate", 198_500, "Double"), metric("Uptime", 60, "UInt32")] } as UPayload),
    );
    expect(rig("edge1-rig8")?.latest).toMatchObject({ hashrateThs: null, uptimeS: 60 });
  });
  test("negative numbers keep their sign", () => {
    const { hear, rig } = listen();
    hear("spBv1.0/plant/NBIRTH/edge1", NBIRTH());
    hear(
      "spBv1.0/plant/DBIRTH/edge1/rig9",
      encode({ timestamp: T0, seq: 1, metrics: [metric("Inlet Temp", -12, "Int8", unit("C")), metric("Uptime", 1, "Int64")] } as UPayload),
    );
    expect(rig("edge1-rig9")?.latest.intakeC).toBe(-12);
  });
});

describe("payloads", () => {
  test("are read as the other implementation writes them", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true }),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        fc.string(),
        fc.boolean(),
        fc.nat({ max: 255 }),
        (double, int, text, truth, seq) => {
          const payload = readPayload(
            encode({
              timestamp: T0,
              seq,
              metrics: [
                metric("d", double, "Double"),
                metric("i", int, "Int32"),
                metric("s", text, "String"),
                metric("b", truth, "Boolean"),
              ],
            } as UPayload),
          );
          expect(payload.seq).toBe(seq);
          expect(payload.metrics.map(({ value }) => value)).toEqual([double, int, text, truth]);
        },
      ),
    );
  });
  test("that are none are refused or read, never thrown at the farm", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const { hear } = listen();
        hear("spBv1.0/plant/NBIRTH/edge1", bytes);
        hear("spBv1.0/plant/DBIRTH/edge1/d", bytes);
        hear("spBv1.0/plant/DDATA/edge1/d", bytes);
      }),
      { numRuns: 2_000 },
    );
  });
  test("the request to be born again is what the other implementation reads", () => {
    expect(library.decodePayload(rebirthPayload(T0)).metrics).toMatchObject([
      { name: "Node Control/Rebirth", type: "Boolean", value: true },
    ]);
  });
  test.each(["spBv1.0/plant/XDATA/edge1", "spBv1.0/plant/NBIRTH", "spBv1.0/plant/DDATA/edge1", "spBv1.0/plant/NDATA/edge1/d/e"])(
    "a topic like %s is refused",
    (topic) => {
      const { hear, farm } = listen();
      hear(topic, NBIRTH());
      expect(farm.inbox.map(({ code }) => code)).toEqual(["TOPIC_INVALID"]);
    },
  );
});
