import { expect, test } from "@jest/globals";
import { publicIdentity } from "../../server/twin/public-view.ts";
import { NO_IDENTITY } from "../../server/twin/reading.ts";
import { machineHash } from "../../server/twin/seal.ts";

const NETWORKED = {
  ...NO_IDENTITY,
  make: "Bitmain",
  model: "Antminer S21",
  ip: "10.1.2.3",
  hostname: "antMiner",
  mac: "02:4d:1a:00:00:09",
};

test("network names are left out, and the machine behind the token stays the same", () => {
  const cases = [
    [{ ...NETWORKED, serial: "S21-410777" }, null],
    [{ ...NETWORKED, serial: "0000000" }, NETWORKED.mac],
    [{ ...NETWORKED, serial: null, mac: "ff:ff:ff:ff:ff:ff" }, null],
  ] as const;
  for (const [identity, mac] of cases) {
    const shown = publicIdentity("fjord", "a-01", identity);
    expect({ ip: shown.ip, hostname: shown.hostname, mac: shown.mac }).toEqual({ ip: null, hostname: null, mac });
    expect(machineHash("fjord", "a-01", shown)).toEqual(machineHash("fjord", "a-01", identity));
  }
});
