/** Lines that name the one before them: one signed head vouches for a day of them, and nothing that was changed passes. */
import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createSignedDays } from "../../server/flows/signed-days.ts";
import { signedPage, type SignedPart, type SignedThread } from "../../server/twin/bundle.ts";
import { headText, linkLines, nextHead } from "../../server/twin/gateway.ts";
import { DAY_MS } from "../../server/twin/days.ts";
import { lineText, linkedText, readLine, unlinked } from "../../server/twin/line.ts";
import { leafHashOfText } from "../../server/twin/merkle.ts";
import { vouchedDay } from "../../server/twin/vouched.ts";
import { gatewayName } from "../../simulators/plant/layout.ts";
import { DAY, RIG, signedHour, T0, utf8 } from "./signed-hour.ts";

const told = signedHour(true);
const { chain, check, keyOf, partOf, signedDays } = told;
const threadIn = (part: SignedPart, at = 0): SignedThread => part.threads?.[at] as SignedThread;
const changed = async (change: (copy: { part: SignedPart; thread: SignedThread }) => void) => {
  const part = structuredClone(await partOf()) as SignedPart;
  change({ part, thread: threadIn(part) });
  return check(part);
};

describe("a thread", () => {
  test("of a whole time under one signature gives the very rows that the farm sealed", async () => {
    const part = await partOf();
    expect(signedPage.parse(JSON.parse(JSON.stringify(part)))).toEqual(part);
    expect([part.runs.length, part.lines.length, part.threads?.length]).toEqual([0, 0, 1]);
    const { steps, verdict } = await check(part);
    expect(steps.map(({ check: what, result }) => [what, result])).toEqual([
      ["lines", "passed"],
      ["batches", "passed"],
      ["gateway", "passed"],
      ["signed rows", "passed"],
    ]);
    expect(verdict).toBe("verified");
    expect(threadIn(part).lines).toHaveLength(told.rows.reduce((sum, { n }) => sum + n, 0));
    expect(threadIn(part).lines.length).toBeGreaterThan(50);
  });
  test("has this rig's lines and no other's, and nothing of a message besides", async () => {
    const text = JSON.stringify(await partOf());
    for (const foreign of ["rig-0001", "rig-0003", "stratum", "pools", "worker"]) expect(text).not.toContain(foreign);
  });
  test("goes on over parts; where a batch is missing or not sound, the break is told", async () => {
    const half = told.entries[Math.floor(told.entries.length / 2)]?.pos ?? 0;
    const first = await partOf(told.entries.slice(0, half - 1));
    const second = await signedDays().part(new Set([RIG]), DAY, half, 0);
    expect((await check([first, second])).verdict).toBe("verified");
    expect((await check([second, first])).steps).toContainEqual(expect.objectContaining({ check: "batches", result: "stated" }));
    const isOfRig = (payload: Uint8Array): boolean => new TextDecoder().decode(payload).includes(`"[\\"${RIG}\\"`);
    const hit = told.entries.filter(({ payload }) => isOfRig(payload))[20];
    const forged = told.entries.map((entry) =>
      entry === hit
        ? { ...entry, payload: utf8({ ...(JSON.parse(new TextDecoder().decode(entry.payload)) as object), sig: "0".repeat(128) }) }
        : entry,
    );
    const broken = await partOf(forged);
    expect(broken.threads).toHaveLength(2);
    const { steps, verdict } = await check(broken);
    expect([verdict, steps.find(({ check: what }) => what === "batches")?.result]).toEqual(["incomplete", "stated"]);
  });
  test("keeps lines of another day that came in between, and counts none of them; it begins and ends with the day's", async () => {
    const at = (ts: number, seq: number): { rig: string; line: string } => ({
      rig: RIG,
      line: lineText({ rig: RIG, boot: "b", seq, ts, paused: false, hashrateGhs: 1, powerW: 1, boardDc: 1, chipDc: 1, intakeDc: 1 }),
    });
    const lines = [at(T0 - 5, 1), at(T0, 2), at(T0 - 3, 3), at(T0 + 9, 4), at(T0 + DAY_MS, 5)];
    const linked = linkLines(new Map(), lines);
    const signed = headText(nextHead({ gateway: "gw-9", boot: "g" }, null, "[]", linked));
    const payload = utf8({ v: 2, signed, sig: "0".repeat(128), lines: linked, messages: "[]" });
    const entry = {
      pos: 1,
      receivedTs: T0,
      topic: "rigtwin/v1/farm/gw-9/signed",
      payload,
      qos: 1 as const,
      retain: false,
      dup: false,
      client: "",
    };
    const found = createSignedDays({
      site: "farm",
      keys: () => new Map([["gw-9", [{ publicKey: "00".repeat(32), fromTs: 0, toTs: null }]]]),
      verify: () => true,
      journal: {
        oldestTs: () => T0 - DAY_MS,
        positionAt: async () => 1,
        read: async function* () {
          yield [entry];
        },
      },
      breathe: () => Promise.resolve(),
    });
    const part = await found.part(new Set([RIG]), DAY, 0, 0);
    expect(part.threads?.map((thread) => thread.lines)).toEqual([lines.slice(1, 4).map(({ line }) => line)]);
    expect(await vouchedDay(DAY, RIG, [part])).toMatchObject({ readings: 2, breaks: 0, seals: [{ fromTs: T0, toTs: T0 + 9 }] });
    expect(await vouchedDay(DAY + 1, RIG, [part])).toBe("A line is of another day.");
  });
  test("is of no use without the contract's key for that time", async () => {
    const part = await partOf();
    expect((await check(part, null)).verdict).toBe("incomplete");
    expect((await check(part, { ...chain, gatewayKeyAt: async () => keyOf(1) })).verdict).toBe("failed");
    const changing = { ...chain, gatewayKeyAt: async (_gateway: string, ts: number) => (ts < T0 + 1_800_000 ? keyOf(0) : null) };
    expect((await check(part, changing)).steps).toContainEqual(expect.objectContaining({ check: "gateway", result: "stated" }));
  });
});

describe("fails or is not verified", () => {
  test("for any changed byte of a line, its end, the head, the proof or the signature", async () => {
    const part = await partOf();
    const places = ["line", "prev", "head", "proof", "sig"] as const;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.nat(), fc.nat(), fc.integer({ min: 1, max: 9 }), async (place, at, where, by) => {
        const copy = structuredClone(part) as SignedPart;
        const thread = threadIn(copy);
        if (place === "prev") thread.prev = "ab".repeat(32);
        else {
          const of = at % thread.lines.length;
          const text = place === "line" ? (thread.lines[of] ?? "") : thread[place];
          fc.pre(text.length > 0);
          const i = where % text.length;
          const letter = text[i] ?? "";
          const other = /[0-9a-f]/.test(letter)
            ? ((parseInt(letter, 16) + by) % 16).toString(16)
            : String.fromCharCode(letter.charCodeAt(0) ^ by);
          const now = text.slice(0, i) + other + text.slice(i + 1);
          // The last letters of a base64 text may have bits that say nothing.
          fc.pre(now !== text && (place !== "proof" || i < text.length - 4));
          if (place === "line") thread.lines[of] = now;
          else thread[place] = now;
        }
        expect((await check(copy)).verdict).toBe("failed");
      }),
      { numRuns: 80 },
    );
  });
  test("for a line left out, doubled, moved, cut off at an end, or of another machine", async () => {
    expect((await changed(({ thread }) => thread.lines.splice(5, 1))).verdict).toBe("failed");
    expect((await changed(({ thread }) => thread.lines.splice(5, 0, thread.lines[5] ?? ""))).verdict).toBe("failed");
    expect((await changed(({ thread }) => thread.lines.reverse())).verdict).toBe("failed");
    expect((await changed(({ thread }) => thread.lines.pop())).verdict).toBe("failed");
    expect((await changed(({ thread }) => thread.lines.shift())).verdict).toBe("failed");
    expect((await changed(({ thread }) => (thread.place += 1))).verdict).toBe("failed");
    expect((await changed(({ thread }) => (thread.head = thread.head.replace(gatewayName(0), gatewayName(1))))).verdict).toBe("failed");
    const other = await signedDays().part(new Set(["rig-0001"]), DAY, 0, 0);
    expect((await check(other)).verdict).toBe("incomplete");
  });
  test("for its beginning left out with a sound link: the rows say that more was signed", async () => {
    const { steps, verdict } = await changed(({ thread }) => {
      const first = thread.lines.shift() ?? "";
      thread.prev =
        unlinked(
          linkLines(new Map(), [
            { rig: RIG, line: first },
            { rig: RIG, line: thread.lines[0] ?? "" },
          ])[1] ?? "",
        ).before ?? "";
    });
    expect([verdict, steps.at(-1)?.result]).toEqual(["incomplete", "not-checked"]);
  });
});

describe("links", () => {
  const line = lineText({
    rig: "a",
    boot: "b",
    seq: 1,
    ts: 2,
    paused: false,
    hashrateGhs: 1,
    powerW: 1,
    boardDc: null,
    chipDc: null,
    intakeDc: null,
  });
  test("are taken off as they were put on; a line without one has none", () => {
    for (const before of ["", "0f".repeat(32)]) expect(unlinked(linkedText(line, before))).toEqual({ line, before });
    for (const text of [line, "", "]", `${line.slice(0, -1)},"0F"]`, `${line.slice(0, -1)},"0f"]`])
      expect(unlinked(text)).toEqual({ line: text, before: null });
    expect(readLine(linkedText(line, ""))).toBeNull();
  });
  test("name the newest line of the same rig, over batches; what has no line stays without", () => {
    const newest = new Map<string, string>();
    const first = linkLines(newest, [
      { rig: "a", line },
      { rig: "b", line },
      { rig: "a", line: "" },
      { rig: "a", line },
    ]);
    expect(first.map((text) => unlinked(text).before)).toEqual(["", "", null, expect.stringMatching(/^[0-9a-f]{64}$/)]);
    const named = bytesToHex(leafHashOfText(first[3] ?? ""));
    expect(newest.get("a")).toBe(named);
    expect(linkLines(newest, [{ rig: "a", line }])).toEqual([linkedText(line, named)]);
  });
  test("plain texts are read as quickly written ones, and odd ones as ever", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 8 }),
        fc.option(fc.string({ maxLength: 4 })),
        fc.array(fc.option(fc.maxSafeInteger()), { minLength: 6, maxLength: 6 }),
        (rig, boot, [seq = null, hashrateGhs = null, powerW = null, boardDc = null, chipDc = null, intakeDc = null]) => {
          const given = { rig, boot, seq, ts: 5, paused: true, hashrateGhs, powerW, boardDc, chipDc, intakeDc };
          expect(readLine(lineText(given))).toEqual(given);
        },
      ),
    );
    const parts = ['"a"', "null", "1", "0", "-0", "01", "1.0", "1e3", " 1", "9007199254740993", "-5", '"\\u0061"'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { minLength: 10, maxLength: 10 }), (members) => {
        const text = `[${members.join(",")}]`;
        const read = readLine(text);
        if (read !== null) expect(lineText(read)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
    const values = ["1", "0", "-0", "01", "1.0", "1e3", " 1", "9007199254740993", "-5", "null"];
    for (const value of values) {
      const text = `["a","b",1,2,0,${value},1,1,1,1]`;
      expect([value, readLine(text) !== null]).toEqual([value, ["1", "0", "-5", "null"].includes(value)]);
    }
  });
});
