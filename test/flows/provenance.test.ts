/** What strangers are given of a twin: whole days and no more than that, nothing of the farm's network, and refusals in words. */
import { beforeEach, describe, expect, test } from "@jest/globals";
import { createProvenance } from "../../server/flows/provenance.ts";
import { bundle as bundleShape, MOST_DAYS, MOST_SIGNED_DAYS, type SignedPage } from "../../server/twin/bundle.ts";
import { DAY_MS } from "../../server/twin/days.ts";
import { digestReading, type Digest } from "../../server/twin/digest.ts";
import { foldEntry, newFarm, nothingYet, type Farm } from "../../server/twin/farm.ts";
import { NOTHING_MEASURED } from "../../server/twin/reading.ts";
import { Refused } from "../../server/twin/refusal.ts";
import { sealedRigOf } from "../../server/twin/sealing.ts";
import { topicOf } from "../../server/twin/wire.ts";

const DAY = 20_700;
const RIG = "a-01";
const SECRETS = { ip: "10.9.8.7", mac: "02:4d:1a:00:00:09", hostname: "antMiner-backdoor" };
const POOL = "stratum+tcp://pool.secret.example:3333";
const at = (day: number): number => (DAY + day) * DAY_MS;

const farmWithToken = (): Farm => {
  const farm = newFarm("fjord");
  let pos = 0;
  const enter = (channel: "birth" | "telemetry", value: object): void =>
    foldEntry(
      farm,
      {
        pos: ++pos,
        receivedTs: at(0) + pos,
        topic: topicOf("fjord", RIG, channel),
        payload: new TextEncoder().encode(JSON.stringify({ v: 1, ts: at(0), boot: "b", ...value })),
        qos: 1,
        retain: false,
        dup: false,
        client: "",
      },
      nothingYet(),
    );
  enter("birth", { identity: { make: "Bitmain", model: "Antminer S21", serial: "S21-410777", ...SECRETS } });
  enter("telemetry", {
    seq: 1,
    m: {
      mode: "mining",
      hashrateThs: 100,
      pools: [{ index: 0, url: POOL, worker: "account.worker", active: true, alive: true, accepted: 1, rejected: 0, stale: 0 }],
    },
  });
  farm.ledger.tokens.set(RIG, { tokenId: 1, txHash: `0x${"11".repeat(32)}`, blockNumber: 1 });
  farm.ledger.rigOfToken.set(1, RIG);
  farm.ledger.chain = { chainId: 8_453, genesis: `0x${"9c".repeat(32)}`, contract: `0x${"5F".repeat(20)}` };
  return farm;
};
const sealedDay = (day: number) => {
  const digest: Digest = new Map();
  for (let i = 0; i < 12; i++)
    digestReading(
      digest,
      { rig: RIG, deviceTs: day * DAY_MS + i * 300_000, boot: "b", seq: i + 1, signed: false },
      { ...NOTHING_MEASURED, hashrateThs: 100, powerW: 3_000 },
    );
  return sealedRigOf({ rig: RIG, firstSeenTs: at(0), nameplateGhs: 200_000 }, digest.get(`${day}/1/${RIG}`));
};

let farm: Farm;
let asked: number[];
beforeEach(() => {
  farm = farmWithToken();
  asked = [];
  for (let day = DAY; day < DAY + 3; day++)
    farm.ledger.days.set(day, {
      sealed: 1,
      kept: [{ version: 1, rigs: 1, readings: 12, hash: `0x${"22".repeat(32)}` }],
      anchors: [],
    } as never);
});
const provenance = (signed: (day: number, after: number) => SignedPage = (day) => ({ day, runs: [], lines: [], next: null })) =>
  createProvenance({
    site: "fjord",
    now: () => at(9),
    farm: () => farm,
    days: {
      ofRig: (rig, first, last) =>
        [DAY, DAY + 1, DAY + 2]
          .filter((day) => rig === RIG && day >= first && day <= last)
          .map((day) => ({ day, version: 1, sealed: sealedDay(day) })),
      tree: () => null,
    },
    isLocal: false,
    breathe: async () => undefined,
    signedDays: {
      part: async (_names, day, after) => {
        asked.push(after);
        return signed(day, after);
      },
    },
  });
const textOf = async (pieces: AsyncGenerator<string>): Promise<string> => {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
};
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof Refused ? error.code : String(error);
  }
  return "none";
};

describe("a bundle", () => {
  test("has the shape that is promised, its days in order, and the contract in lower case", async () => {
    const given = bundleShape.parse(JSON.parse(await textOf(provenance().bundle(1, at(0), at(3), false))));
    expect(given.days.map(({ day, rows }) => [day, rows.length, rows.reduce((sum, { n }) => sum + n, 0)])).toEqual([
      [DAY, 288, 12],
      [DAY + 1, 288, 12],
      [DAY + 2, 288, 12],
    ]);
    expect([given.rig, given.tokenId, given.chain.contract, given.signed]).toEqual([RIG, 1, `0x${"5f".repeat(20)}`, undefined]);
  });
  test("carries no address, host name, MAC or pool, though the farm knows them all", async () => {
    const known = JSON.stringify(farm.twins.get(RIG));
    const text = await textOf(provenance().bundle(1, at(0), at(3), true));
    for (const secret of [...Object.values(SECRETS), POOL, "account.worker"]) {
      expect(known).toContain(secret);
      expect(text).not.toContain(secret);
    }
    expect(text).toContain("S21-410777");
  });
  test("ends at its days: half-open, so that midnight belongs to the day after", async () => {
    const given = bundleShape.parse(JSON.parse(await textOf(provenance().bundle(1, at(1), at(2), false))));
    expect(given.days.map(({ day }) => day)).toEqual([DAY + 1]);
  });
  test("takes what gateways signed part by part, and a day of which it is gone has its rows all the same", async () => {
    const run = { gateway: "gw", boot: "g", n: 1, first: 1, prev: null, heads: [[1, "AAAA"] as [number, string]], sig: "0".repeat(128) };
    const given = bundleShape.parse(
      JSON.parse(
        await textOf(
          provenance((day, after) => {
            if (day === DAY + 1) throw new Refused("NOT_FOUND", "It is gone.");
            return { day, runs: [run], lines: [], next: after === 0 ? 7 : null };
          }).bundle(1, at(0), at(2), true),
        ),
      ),
    );
    expect([given.days.length, given.signed?.map(({ day }) => day), asked]).toEqual([2, [DAY, DAY], [0, 7, 0]]);
  });
  test("is refused before its first piece: too many days, an unknown token, no chain", () => {
    const { bundle } = provenance();
    expect(codeOf(() => bundle(1, at(0), at(MOST_DAYS), false))).toBe("none");
    expect(codeOf(() => bundle(1, at(0), at(MOST_DAYS) + 1, false))).toBe("RANGE_INVALID");
    expect(codeOf(() => bundle(1, at(0), at(MOST_SIGNED_DAYS), true))).toBe("none");
    expect(codeOf(() => bundle(1, at(0), at(MOST_SIGNED_DAYS) + 1, true))).toBe("RANGE_INVALID");
    expect(codeOf(() => bundle(9, at(0), at(1), false))).toBe("TOKEN_UNKNOWN");
    farm.ledger.chain = null;
    expect(codeOf(() => bundle(1, at(0), at(1), false))).toBe("CHAIN_UNAVAILABLE");
  });
});

describe("days", () => {
  test("are listed as sealed while nothing is on the chain, and a year and a bit is the most", async () => {
    const { days } = await provenance().days(1, at(0), at(3));
    expect(days.map(({ state, n, root }) => [state, n, root])).toEqual(Array.from({ length: 3 }, () => ["sealed", 12, null]));
    await expect(provenance().days(1, at(0), at(MOST_DAYS) + 1)).rejects.toMatchObject({ code: "RANGE_INVALID" });
    await expect(provenance().days(9, at(0), at(1))).rejects.toMatchObject({ code: "TOKEN_UNKNOWN" });
  });
  test("that are not kept on disk yet are not shown, and one asked for alone is refused in a sentence", () => {
    const { day } = provenance();
    expect(day(1, DAY)).toMatchObject({ day: DAY, state: "sealed", tree: null });
    farm.ledger.days.delete(DAY);
    expect(codeOf(() => day(1, DAY))).toBe("NOT_FOUND");
    expect(codeOf(() => day(1, DAY + 50))).toBe("NOT_FOUND");
  });
});
