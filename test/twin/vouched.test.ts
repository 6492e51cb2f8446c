/** From what gateways sent to what a stranger is shown of it: the same rows, and nothing that was changed passes. Lines that are not linked. */
import { hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { signedPage, signedPart, type SignedPart } from "../../server/twin/bundle.ts";
import { Refused } from "../../server/twin/refusal.ts";
import type { Entry } from "../../server/twin/twin.ts";
import { isSignedPart } from "../../server/twin/signed-part.ts";
import { packHashes, unpackHashes } from "../../server/twin/packed.ts";
import { vouchedDay } from "../../server/twin/vouched.ts";
import { gatewayName } from "../../simulators/plant/layout.ts";
import { DAY, RIG, signedHour, T0, utf8 } from "./signed-hour.ts";

const told = signedHour(false);
const { chain, check, keyOf, partOf, signedDays } = told;

describe("the evidence of a day", () => {
  test("gives the very rows that the farm sealed, with the keys of the contract", async () => {
    const part = await partOf();
    expect(signedPage.parse(JSON.parse(JSON.stringify(part)))).toEqual(part);
    const { steps, verdict } = await check(part);
    expect(verdict).toBe("verified");
    expect(steps.map(({ check: what, result }) => [what, result])).toEqual([
      ["lines", "passed"],
      ["batches", "passed"],
      ["gateway", "passed"],
      ["signed rows", "passed"],
    ]);
    expect(told.rows.reduce((sum, { n }) => sum + n, 0)).toBeGreaterThan(50);
  });
  test("has this rig's lines and no other's, and nothing of a message besides", async () => {
    const text = JSON.stringify(await partOf());
    expect(text).toContain(RIG);
    for (const foreign of ["rig-0001", "rig-0003", "stratum", "pools", "worker"]) expect(text).not.toContain(foreign);
  });
  test("in two parts comes to the same", async () => {
    const half = told.entries[Math.floor(told.entries.length / 2)] as Entry;
    const first = await partOf(told.entries.slice(0, half.pos - 1));
    const second = await signedDays().part(new Set([RIG]), DAY, half.pos, 0);
    expect((await check([first, second])).verdict).toBe("verified");
  });
  test("is passed over where a batch fails its own signature", async () => {
    const hit = told.entries.filter(({ payload }) => new TextDecoder().decode(payload).includes(`"[\\"${RIG}\\"`))[20];
    const forged = told.entries.map((entry) =>
      entry === hit
        ? { ...entry, payload: utf8({ ...(JSON.parse(new TextDecoder().decode(entry.payload)) as object), sig: "0".repeat(128) }) }
        : entry,
    );
    const { steps, verdict } = await check(await partOf(forged));
    expect([verdict, steps.find(({ check: what }) => what === "batches")?.result]).toEqual(["incomplete", "stated"]);
  });
  test("of a day that the journal no longer has is refused in a sentence", async () => {
    const old = signedDays().part(new Set([RIG]), DAY - 3, 0, 0);
    await expect(old).rejects.toThrow(Refused);
    await expect(old).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
  test("without a chain, or where the contract lists no key or another, is not verified", async () => {
    const part = await partOf();
    expect((await check(part, null)).verdict).toBe("incomplete");
    expect((await check(part, { ...chain, gatewayKeyAt: async () => null })).steps).toContainEqual(
      expect.objectContaining({ check: "gateway", result: "stated" }),
    );
    expect((await check(part, { ...chain, gatewayKeyAt: async () => keyOf(1) })).verdict).toBe("failed");
    const changing = {
      ...chain,
      gatewayKeyAt: async (_gateway: string, ts: number) => (ts < T0 + 1_800_000 ? keyOf(0) : null),
    };
    expect((await check(part, changing)).steps).toContainEqual(expect.objectContaining({ check: "gateway", result: "stated" }));
  });
  test("that is not there leaves the tier the farm's word", async () => {
    const { steps, verdict } = await check([]);
    expect([steps[0]?.result, verdict]).toEqual(["stated", "incomplete"]);
    expect(steps[0]?.says).toContain("The farm says that a gateway signed");
    const unsigned = told.rows.map((row) => ({ ...row, signed: 0 }));
    expect((await check([], chain, unsigned)).steps[0]?.says).toContain("Self-reported");
  });
});

describe("fails or is not verified", () => {
  test("for any changed byte of a line, a head or the signature", async () => {
    const part = await partOf();
    const places: ((copy: SignedPart, at: number) => [string, (text: string) => void])[] = [
      (copy, at) => {
        const line = copy.lines[at % copy.lines.length] as SignedPart["lines"][number];
        return [line[3], (text) => void (line[3] = text)];
      },
      (copy, at) => {
        const line = copy.lines.find(([, , , , path]) => path !== "") ?? copy.lines[at % copy.lines.length];
        return [(line as SignedPart["lines"][number])[4], (text) => void ((line as SignedPart["lines"][number])[4] = text)];
      },
      (copy, at) => {
        const run = copy.runs[0] as SignedPart["runs"][number];
        const head = run.heads[at % run.heads.length] as [number, string];
        return [head[1], (text) => void (head[1] = text)];
      },
      (copy) => {
        const run = copy.runs[0] as SignedPart["runs"][number];
        return [run.sig, (text) => void (run.sig = text)];
      },
      (copy) => {
        const run = copy.runs[0] as SignedPart["runs"][number];
        return [run.boot, (text) => void (run.boot = text)];
      },
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.nat(), fc.nat(), fc.integer({ min: 1, max: 9 }), async (place, at, where, by) => {
        const copy = structuredClone(part) as SignedPart;
        const [text, set] = place(copy, at);
        fc.pre(text.length > 0);
        const i = where % text.length;
        const letter = text[i] ?? "";
        const other = /[0-9a-f]/.test(letter)
          ? ((parseInt(letter, 16) + by) % 16).toString(16)
          : String.fromCharCode(letter.charCodeAt(0) ^ by);
        const changed = text.slice(0, i) + other + text.slice(i + 1);
        // The last letter of a base64 text may have bits that say nothing.
        fc.pre(changed !== text && JSON.stringify(unpackHashes(changed)) !== JSON.stringify(unpackHashes(text) ?? 0));
        set(changed);
        expect((await check(copy)).verdict).toBe("failed");
      }),
      { numRuns: 80 },
    );
  });
  test("for a line left out, and for one of another place, batch or row of heads", async () => {
    const part = await partOf();
    const but = (change: (copy: SignedPart) => void): SignedPart => {
      const copy = structuredClone(part) as SignedPart;
      change(copy);
      return copy;
    };
    const lineOf = (copy: SignedPart) => copy.lines[5] as SignedPart["lines"][number];
    expect((await check(but((copy) => copy.lines.splice(5, 1)))).verdict).toBe("incomplete");
    expect((await check(but((copy) => (lineOf(copy)[2] += 1)))).verdict).toBe("failed");
    expect((await check(but((copy) => (lineOf(copy)[1] += 1)))).verdict).toBe("failed");
    expect((await check(but((copy) => (lineOf(copy)[0] += 100)))).verdict).toBe("failed");
    expect((await check(but((copy) => (copy.runs[0] as { n: number }).n++))).verdict).toBe("failed");
    expect((await check(but((copy) => ((copy.runs[0] as { gateway: string }).gateway = gatewayName(1))))).verdict).toBe("failed");
  });
  test("for rows that say something else, better or worse", async () => {
    const part = await partOf();
    for (const name of ["hashrateGhs", "energyJ", "n", "paused", "chipMaxDc"] as const) {
      const rows = told.rows.map((row, slot) => (slot === 3 ? { ...row, [name]: (row[name] ?? 0) + 1 } : row));
      // One more that nobody signed is told as such.
      if (name === "n") expect((await check(part, chain, rows)).steps.at(-1)?.says).toContain("and 1 reading that nobody signed");
      else expect([name, (await check(part, chain, rows)).verdict]).toEqual([name, "failed"]);
    }
    const fewer = told.rows.map((row, slot) => (slot === 3 ? { ...row, n: row.n - 1, signed: row.signed - 1 } : row));
    expect((await check(part, chain, fewer)).verdict).toBe("failed");
  });
  test("for lines that are soundly signed, and of another day", async () => {
    expect(await vouchedDay(DAY + 1, RIG, [await partOf()])).toBe("A line is of another day.");
  });
  test("for another rig's evidence", async () => {
    const other = await signedDays().part(new Set(["rig-0001"]), DAY, 0, 0);
    expect((await check(other)).verdict).toBe("incomplete");
  });
});

test("hashes are packed and unpacked; what is none is told", async () => {
  const hashes = [hexToBytes("ab".repeat(32)), hexToBytes("01".repeat(32))];
  expect(unpackHashes(packHashes(hashes))).toEqual(hashes);
  expect(unpackHashes("AAAA")).toBeNull();
  expect(unpackHashes("§")).toBeNull();
  expect(unpackHashes("")).toEqual([]);
  expect(await vouchedDay(DAY, RIG, [{ day: DAY, runs: [], lines: [[0, 0, 0, "", ""]] }])).toContain("cannot be read");
  const random = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(fc.array(random, { maxLength: 5 }), (given) => {
      const packed = packHashes(given);
      expect(packed).toBe(Buffer.concat(given).toString("base64"));
      expect(unpackHashes(packed)).toEqual(given);
    }),
  );
  const one = packHashes([hexToBytes("ab".repeat(32))]);
  for (const other of [
    one.slice(0, -1),
    `${one.slice(0, 8)}-${one.slice(9)}`,
    `${one.slice(0, 8)}=${one.slice(9)}`,
    `\u0141${one.slice(1)}`,
  ])
    expect(unpackHashes(other)).toBeNull();
});

test("the page breathes within a day, is told how far the check is, and may end it", async () => {
  const part = await partOf();
  const steps = part.lines.length + part.runs.reduce((sum, { heads }) => sum + heads.length, 0);
  const told: [number, number][] = [];
  await vouchedDay(
    DAY,
    RIG,
    Array.from({ length: 10 }, () => part),
    (...far) => void told.push(far),
  );
  expect(told.length).toBe(Math.floor((steps * 10) / 128));
  expect(told.every(([done, of], i) => of === steps * 10 && done === (i + 1) * 128)).toBe(true);
  const ended = vouchedDay(
    DAY,
    RIG,
    Array.from({ length: 10 }, () => part),
    () => Promise.reject(new Error("enough")),
  );
  await expect(ended).rejects.toThrow("enough");
});

test("the shape of a part is judged by hand as the API's schema judges it", async () => {
  const { day, runs, lines } = await partOf();
  const { threads } = await signedHour(true).partOf();
  expect(isSignedPart({ day, runs, lines })).toBe(true);
  const sound = { day, runs, lines, threads };
  expect(isSignedPart(sound)).toBe(true);
  const values: unknown[] = [null, undefined, "", -1, 1.5, [], {}, "x".repeat(1_000), [[1]], true, 2 ** 60];
  const paths: (string | number)[][] = [
    [],
    ["day"],
    ["runs"],
    ["runs", 0],
    ...["gateway", "boot", "n", "first", "prev", "heads", "sig", "more"].map((name) => ["runs", 0, name]),
    ["runs", 0, "heads", 1],
    ["runs", 0, "heads", 1, 0],
    ["runs", 0, "heads", 1, 1],
    ["lines"],
    ["lines", 3],
    ...[0, 1, 2, 3, 4, 5].map((at) => ["lines", 3, at]),
    ["threads"],
    ["threads", 0],
    ...["prev", "lines", "head", "place", "proof", "sig", "more"].map((name) => ["threads", 0, name]),
    ["threads", 0, "lines", 2],
    ["more"],
  ];
  for (const path of paths)
    for (const value of values) {
      const copy: { whole: unknown } = { whole: structuredClone(sound) };
      let into = copy as unknown as Record<string | number, unknown>;
      for (const [i, name] of ["whole", ...path].entries()) {
        if (i === path.length) into[name] = value;
        else into = into[name] as Record<string | number, unknown>;
      }
      expect([path, value, isSignedPart(copy.whole)]).toEqual([path, value, signedPart.safeParse(copy.whole).success]);
    }
});
