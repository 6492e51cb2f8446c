import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { answersOf } from "../formats/captured.ts";
import { FIELDS, meaningOf } from "../../../server/twin/dialects/fields.ts";
import { OWN } from "../../../server/twin/wire.ts";
import { mappingFault, type Mapping } from "../../../server/twin/dialects/mapping.ts";
import { guessesOf } from "../../../server/twin/dialects/strangers.ts";
import { farmOfLines, snapshotLines } from "../../../server/twin/snapshot.ts";
import { listen, T0 } from "./folded.ts";

describe("whatsminer2mqtt", () => {
  const INFO = {
    "MHS av": "67753251.19",
    "HS RT": "67394800.97",
    Power: "3417",
    "Chip Temp Max": "92.5",
    Temperature: "71.5",
    "Fan Speed In": "6450",
    "Fan Speed Out": "6480",
    "Power Limit": "3500",
    "Factory GHS": "68796",
    "Firmware Version": "'20210322.22.REL'",
    Elapsed: "10154",
    MAC: "C4:08:28:00:A4:19",
  };
  test("tells one key a message; together they are the machine", () => {
    const { hear, rig, farm } = listen();
    // all in one millisecond, as a bridge that starts does
    for (const [key, value] of Object.entries(INFO)) hear(`whatsminer/garage/info/${key}`, value, T0);
    hear("whatsminer/garage/info/Power", "3420", T0 + 1_000);
    const twin = rig("whatsminer-garage");
    expect(twin?.latest).toMatchObject({
      hashrateThs: 67.39480097,
      powerW: 3_420,
      chipC: 92.5,
      boardC: 71.5,
      powerLimitW: 3_500,
      uptimeS: 10_154,
      fans: [{ rpm: 6_450 }, { rpm: 6_480 }],
    });
    expect(twin?.identity).toMatchObject({ make: "MicroBT", firmware: "20210322.22.REL", mac: "C4:08:28:00:A4:19" });
    expect(farm.duplicates).toBe(0);
    hear("whatsminer/garage/status", "offline");
    expect(rig("whatsminer-garage")?.announced).toBe("lost");
    expect(farm.inbox).toEqual([]);
  });
});

describe("miner2mqtt", () => {
  test("tells TH/s and W of a network card", () => {
    const { hear, rig } = listen();
    hear("farm/miner_aabbccddeeff/hashrate", "104.2");
    hear("farm/miner_aabbccddeeff/wattage", "3060");
    hear("farm/miner_aabbccddeeff/is_mining", "True");
    hear("farm/miner_aabbccddeeff/command", "stop");
    expect(rig("m-aabbccddeeff")).toMatchObject({
      latest: { hashrateThs: 104.2, powerW: 3_060, mode: "mining" },
      identity: { mac: "AA:BB:CC:DD:EE:FF" },
    });
  });
});

describe("hiveos-mqtt-stats", () => {
  test("tells cards, each in the unit beside it", () => {
    const { hear, rig } = listen();
    const card = { temperature: 61, fan: 70, power: 120, mtemp: 84, value: 61.5, unit_of_measurement: "MH/s" };
    hear("hive/rig1", {
      state: 123,
      unit_of_measurement: "MH/s",
      coin: "x",
      cpu_temp: 40,
      miner: "teamred",
      uptime: 300,
      ver: "0.10",
      algo: "a",
      card_0: card,
      card_1: { ...card, temperature: 255 },
    });
    const twin = rig("hive-rig1");
    expect(twin?.latest).toMatchObject({ hashrateThs: 0.000123, powerW: 240, fanPct: 70, chipC: 61, uptimeS: 300 });
    expect(twin?.latest.boards.map(({ chipC }) => chipC)).toEqual([61, null]);
    expect(twin?.quality).toMatchObject({ "boards.1.chipC": "sentinel" });
    hear("hive/rig1", "start");
    expect(rig("hive-rig1")?.announced).toBe("online");
  });
});

describe("Bitdeer's container", () => {
  test("tells its feed, its sockets and its coolant, as texts, in kW and °C", () => {
    const { hear, farm } = listen();
    hear("C024_D40PDUData", { PDU: [{ PDUIndex: "0", SocketStatus: ["1", "1"], PowerData: ["3.3", "0.0"], CurrentData: ["14", "0"] }] });
    hear("C024_D40MainData", {
      PowerData: { TotalPower: "63.4" },
      TemperatureData: { ContainerTemperature: "28.8", Tank1OilH: "0.0", Tank1OilL: "44", Tank2OilH: "57.7", Tank2OilL: "43" },
    });
    expect([...farm.foreign.meters].map(([name, { powerW }]) => [name, powerW])).toEqual([
      ["C024_D40.pdu0.0", 3_300],
      ["C024_D40.pdu0.1", 0],
      ["C024_D40", 63_400],
    ]);
    expect(farm.foreign.coolant.get("C024_D40")).toMatchObject({ supplyC: 44, returnC: 57.7, ambientC: 28.8 });
    expect(farm.inbox).toEqual([]);
  });
});

describe("meters", () => {
  test.each([
    [
      "shellyplug-s-1/events/rpc",
      {
        src: "shellypro1pm-ab12",
        dst: "x",
        method: "NotifyStatus",
        params: { ts: T0 / 1_000, "switch:0": { id: 0, apower: 3_241.5, aenergy: { total: 123_400 } } },
      },
      "shellypro1pm-ab12",
      3_241.5,
      123.4,
    ],
    [
      "shellypro3em-1/events/rpc",
      { src: "shellypro3em-1", method: "NotifyFullStatus", params: { "em:0": { total_act_power: 9_100 }, wifi: {} } },
      "shellypro3em-1",
      9_100,
      null,
    ],
    ["shed/plug/status/switch:0", { id: 0, output: true, apower: 12.5 }, "shed-plug", 12.5, null],
    ["shellies/shellyplug-7/relay/0/power", "1503.22", "shellyplug-7", 1_503.22, null],
    ["tele/plug-3/SENSOR", { Time: "2026-11-24T10:00:00", ENERGY: { Total: 55.1, Power: 3_300, Voltage: 231 } }, "plug-3", 3_300, 55.1],
    ["tele/three/SENSOR", { ENERGY: { Power: [1_000, 1_100, 1_200] } }, "three", 3_300, null],
  ])("%s", (topic, payload, meter, powerW, totalKwh) => {
    const { hear, farm } = listen();
    hear(topic, payload);
    expect([...farm.foreign.meters.values()]).toMatchObject([{ meter, powerW, totalKwh }]);
    expect(farm.inbox).toEqual([]);
  });
  test("a three-phase Shelly of the first kind is the sum of its phases", () => {
    const { hear, farm } = listen();
    for (const [phase, watts] of [100, 200, 300].entries()) hear(`shellies/shellyem3-1/emeter/${phase}/power`, String(watts));
    hear("shellies/shellyem3-1/emeter/1/power", "-50");
    expect(farm.foreign.meters.get("shellyem3-1")?.powerW).toBe(350);
  });
  test("what else they say is understood and is nobody's business", () => {
    const { hear, farm } = listen();
    for (const [topic, payload] of [
      ["shellies/a/online", "true"],
      ["tele/a/LWT", "Online"],
      ["tele/a/STATE", { Wifi: {} }],
      ["a/events/rpc", { src: "a", method: "NotifyEvent", params: {} }],
    ] as const)
      hear(topic, payload);
    expect(farm.inbox).toEqual([]);
    expect(farm.foreign.strangers.size).toBe(0);
  });
});

describe("a machine's own answer, published as it is", () => {
  test("AxeOS", () => {
    const { hear, rig } = listen();
    const info = Object.values(answersOf("bitaxe-bm1368-axeos"))[0];
    hear("home/bitaxe", { ...(info as object), hashRate: 612.5 });
    expect(rig("m-aabbccddeeff")).toMatchObject({ format: "axeos", latest: { hashrateThs: 0.6125 }, identity: { model: "Bitaxe Supra" } });
  });
});

describe("the inbox", () => {
  const MAPPING: Mapping = {
    topic: "plant/+/values",
    rig: "shed-{1}",
    as: "rig",
    fields: [
      { path: "$.hr", field: "hashrateThs", factor: 0.001 },
      { path: "$.heat[1].c", field: "chipC", factor: 1 },
    ],
  };
  const act = (mapping: Mapping) => ({ what: "map", mapping, by: "operator" });
  const message = (hr: number) => ({ hr, heat: [{ c: 1 }, { c: 60 + hr / 10_000 }] });

  test("keeps what nobody reads; a mapping reads it all, the earlier messages too", () => {
    const { hear, rig, farm } = listen();
    for (let i = 0; i < 5; i++) hear("plant/7/values", message(100_000 + i));
    expect(farm.twins.size).toBe(0);
    expect(farm.inbox.map(({ code }) => code)).toContain("TOPIC_UNKNOWN");
    expect(farm.foreign.strangers.get("plant/7/values")).toMatchObject({ count: 5 });
    hear(OWN.act, act(MAPPING));
    expect(rig("shed-7")?.counts.readings).toBe(5);
    expect(farm.foreign.strangers.size).toBe(0);
    hear("plant/7/values", message(110_000));
    expect(rig("shed-7")).toMatchObject({ format: "mapped", latest: { hashrateThs: 110, chipC: 71 } });
    hear(OWN.act, { what: "unmap", topic: MAPPING.topic, by: "operator" });
    hear("plant/7/values", message(1));
    expect(rig("shed-7")?.latest.hashrateThs).toBe(110);
  });
  test("is in a snapshot, so that a restart and a replay agree", () => {
    const { hear, farm } = listen();
    hear("plant/7/values", message(1));
    hear(OWN.act, act(MAPPING));
    hear("plant/8/other", "x");
    const again = farmOfLines(snapshotLines(farm));
    expect(again.foreign).toEqual(farm.foreign);
  });
  test("guesses what a payload means, and where", () => {
    expect(
      guessesOf("a/b", { miner: { hashrate_ghs: 5, temps: [{ chip_temp: 61 }] } }, null).map(({ path, meaning }) => [
        path,
        meaning?.field,
        meaning?.factor,
      ]),
    ).toEqual([
      ["$.miner.hashrate_ghs", "hashrateThs", 0.001],
      ["$.miner.temps[0].chip_temp", "chipC", 1],
    ]);
    expect(guessesOf("shed/power_w", undefined, "3250")).toMatchObject([{ path: "$", meaning: { field: "powerW" } }]);
  });
  test("stays bounded, whatever comes", () => {
    const { hear, farm } = listen();
    for (let i = 0; i < 2_000; i++) hear(`noise/${i}`, "x".repeat(20_000));
    expect(farm.foreign.strangers.size).toBeLessThanOrEqual(500);
    for (let i = 0; i < 200; i++) hear("noise/one", String(i));
    expect(farm.foreign.strangers.get("noise/one")).toMatchObject({ count: 200 });
    expect(farm.foreign.strangers.get("noise/one")?.samples.length).toBeLessThanOrEqual(50);
  });
  test.each([
    [{ topic: "rigtwin/v1/#" }, "topic"],
    [{ topic: "$SYS/#" }, "topic"],
    [{ topic: "a/#/b" }, "topic"],
    [{ rig: "a b" }, "rig"],
    [{ fields: [] }, "fields"],
    [{ fields: [{ path: "$..x", field: "powerW", factor: 1 }] }, "path"],
    [{ fields: [{ path: "$.x", field: "nonsense", factor: 1 }] }, "field"],
    [{ fields: [{ path: "$.x", field: "powerW", factor: 0 }] }, "factor"],
    [{ as: "meter" as const }, "powerW"],
  ])("refuses the mapping %j", (over, what) => expect(mappingFault({ ...MAPPING, ...over })?.detail).toContain(what));
  test("accepts the mapping", () => expect(mappingFault(MAPPING)).toBeNull());
});

describe("names and units", () => {
  test.each([
    ["Hashrate", "GH/s", "hashrateThs", 1e-3],
    ["hashrate_5s (TH/s)", "", "hashrateThs", 1],
    ["hash-rate-mhs", "", "hashrateThs", 1e-6],
    ["hashrateThs", "", "hashrateThs", 1],
    ["power", "kW", "powerW", 1_000],
    ["powerConsumption_w", "", "powerW", 1],
    ["chipTempC", "", "chipC", 1],
    ["Board 2/Temperature", "°C", "boards.2.boardC", 1],
    ["fan3_rpm", "", "fans.3.rpm", 1],
    ["inlet_temp", "F", "intakeC", 5 / 9],
    ["uptime", "min", "uptimeS", 60],
  ])("%s %s", (name, unit, field, factor) => expect(meaningOf(name, unit)).toMatchObject({ field, factor }));
  test.each([
    ["hashrate", ""],
    ["power", ""],
    ["hashrate", "furlongs"],
    ["power factor", ""],
    ["humidity", "%"],
  ])("%s %s is not guessed", (name, unit) => expect(meaningOf(name, unit)).toBeNull());
  test("whatever a stranger says, nothing breaks and nothing is NaN", () => {
    const names = [...Object.keys(FIELDS), "hashrate_ghs", "fan 1 rpm", "board 3 temp", "x"];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...names), fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null))), {
          maxLength: 12,
        }),
        (pairs) => {
          const { hear, farm } = listen();
          hear("a/b", Object.fromEntries(pairs));
          hear(OWN.act, {
            what: "map",
            by: "o",
            mapping: {
              topic: "a/b",
              rig: "r",
              as: "rig",
              fields: names
                .slice(0, 20)
                .map((name) => ({ path: `$.${name}`, field: FIELDS[name] === undefined ? "powerW" : name, factor: 1 })),
            },
          });
          for (const twin of farm.twins.values()) expect(JSON.stringify(twin.latest)).not.toMatch(/NaN|Infinity/);
        },
      ),
    );
  });
});
