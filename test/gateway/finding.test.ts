import createMdns from "multicast-dns";
import { afterEach, describe, expect, test } from "@jest/globals";
import { ArgumentsInvalid, argumentsOf } from "../../server/gateway/arguments.ts";
import { addressesOf, AXEOS_SERVICE, watchMdns } from "../../server/gateway/mdns.ts";
import { rigNameOf } from "../../server/gateway/naming.ts";
import { addressesIn, machinesOf } from "../../server/gateway/ranges.ts";
import { NO_IDENTITY } from "../../server/twin/reading.ts";
import { NAME_PATTERN } from "../../server/twin/wire.ts";

describe("addresses", () => {
  test.each([
    ["10.0.0.0/30", ["10.0.0.1", "10.0.0.2"]],
    ["10.0.0.7", ["10.0.0.7"]],
    ["10.0.0.4/31", ["10.0.0.4", "10.0.0.5"]],
    ["10.0.0.9/32", ["10.0.0.9"]],
    ["10.0.0.254-10.0.1.1", ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"]],
    ["10.0.0.10-12", ["10.0.0.10", "10.0.0.11", "10.0.0.12"]],
    ["10.0.0.1, 10.0.0.1,10.0.0.2-2", ["10.0.0.1", "10.0.0.2"]],
    ["", []],
  ])("%s", (text, expected) => expect(addressesIn(text)).toEqual(expected));
  test("a /22 has 1022", () => expect(addressesIn("192.168.4.17/22")).toHaveLength(1_022));
  test.each(["10.0.0.256", "10.0.0.0/33", "10.0.0.5-4", "10.0.0.0/8", "miner.local", "10.0.0.1-10.0.0.2-3", "10.0.0.0/24/2"])(
    "%s is refused in words",
    (text) => expect(() => addressesIn(text)).toThrow(RangeError),
  );
});

describe("the table of machines", () => {
  test("is read by its column names, with comma or semicolon, quoted or not", () => {
    expect(machinesOf('\ufeffIP;rig;container;rack;slot\r\n10.0.0.5;"shed-1";1;A;7\r\n\r\n# spare\r\n10.0.0.6;;;;\r\n')).toEqual([
      { host: "10.0.0.5", rig: "shed-1", position: { container: "1", rack: "A", slot: "7" }, format: null },
      { host: "10.0.0.6", rig: null, position: null, format: null },
    ]);
    expect(machinesOf("host,format\nminer-7.local,luxos\n")).toEqual([
      { host: "miner-7.local", rig: null, position: null, format: "luxos" },
    ]);
  });
  test.each([
    ["rig\na", "line 1"],
    ["host,rig\n10.0.0.1,a b", "line 2"],
    ["host,rig\n10.0.0.1,a\n10.0.0.2,a", "line 3"],
    ["host\n-x-", "line 2"],
  ])("%j says in which line it is wrong", (csv, where) => expect(() => machinesOf(csv)).toThrow(where));
});

describe("a machine's name", () => {
  test.each([
    [{ mac: "02:AB:12:FF:34:10", serial: "S1" }, "m-02ab12ff3410"],
    [{ serial: "SMTT 12/34" }, "s-SMTT-12-34"],
    [{}, "ip-10-0-0-7"],
    [{ serial: "//" }, "ip-10-0-0-7"],
  ])("of %j", (told, expected) => {
    const name = rigNameOf({ ...NO_IDENTITY, ...told }, "10.0.0.7");
    expect(name).toBe(expected);
    expect(name).toMatch(NAME_PATTERN);
  });
});

describe("mDNS", () => {
  const stops: (() => void)[] = [];
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });
  const RECORDS = [
    { name: AXEOS_SERVICE, type: "PTR", data: "bitaxe._http._tcp.local" },
    { name: "bitaxe._http._tcp.local", type: "SRV", data: { port: 80, target: "bitaxe.local" } },
    { name: "bitaxe.local", type: "A", data: "127.0.0.9" },
    { name: "printer.local", type: "A", data: "127.0.0.8" },
  ];
  test("takes the addresses of AxeOS' instances and of nobody else", () => {
    expect(addressesOf(RECORDS)).toEqual(["127.0.0.9"]);
    expect(addressesOf(RECORDS.slice(1))).toEqual([]);
  });
  test("asks, and hears who answers", async () => {
    const options = { port: 28_353, interface: "127.0.0.1", bind: "0.0.0.0", loopback: true, reuseAddr: true };
    const responder = createMdns(options);
    stops.push(() => responder.destroy());
    responder.on("query", (query: { questions?: { name: string }[] }) => {
      if (query.questions?.some(({ name }) => name === AXEOS_SERVICE) === true)
        responder.respond({ answers: RECORDS.slice(0, 1), additionals: RECORDS.slice(1) } as Parameters<typeof responder.respond>[0]);
    });
    await new Promise<void>((resolve) => responder.once("ready", resolve));
    const found = await new Promise<string>((resolve, reject) => {
      const watch = watchMdns(resolve, (what) => reject(new Error(what)), options);
      stops.push(watch.stop);
    });
    expect(found).toBe("127.0.0.9");
  });
});

describe("the gateway's settings", () => {
  test("are told together where they are wrong", () => {
    const wrong = (): unknown =>
      argumentsOf(["--mqtt", "http://x", "--range", "10.0.0.300", "--interval", "0", "--name", "a b", "--web-port", "70000"], {});
    expect(wrong).toThrow(ArgumentsInvalid);
    for (const flag of ["--mqtt", "--range", "--interval", "--name", "--web-port"]) expect(wrong).toThrow(flag);
  });
  test("need to say where the machines are", () => expect(() => argumentsOf([], {})).toThrow("where are the machines"));
  test("come from flags and, for the broker and its login, from variables", () => {
    const given = argumentsOf(["--range", "10.0.0.1-2", "--interval", "5"], {
      MQTT_URL: "mqtts://b:8883",
      MQTT_PASSWORD: "p",
      SITE: "north",
    });
    expect(given).toMatchObject({
      mqttUrl: "mqtts://b:8883",
      password: "p",
      site: "north",
      intervalMs: 5_000,
      addresses: ["10.0.0.1", "10.0.0.2"],
    });
  });
});
