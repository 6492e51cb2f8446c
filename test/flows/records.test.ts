import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createRecords, GRACE_MS, type RecordsNeeds } from "../../server/flows/records.ts";
import type { NewRecord } from "../../server/twin/api.ts";
import { newTwin } from "../../server/twin/fold.ts";
import { foldLedger, noLedger, recordsOf, type Ledger } from "../../server/twin/ledger.ts";
import { NO_IDENTITY } from "../../server/twin/reading.ts";
import { Refused } from "../../server/twin/refusal.ts";
import type { ChainRecord, Registration } from "../../server/twin/relay.ts";
import { verifyChainOfRecords, type Hex } from "../../server/twin/seal.ts";
import type { Twin } from "../../server/twin/twin.ts";
import { handClock, handJournal, T0 } from "./hands.ts";

const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
const work: NewRecord = { kind: "cleaning", performedTs: T0 - 60_000, technician: "badge-3", summary: "Dust blown out", parts: [] };

/** The chain as the contract keeps it; `fault` is asked before and after each change and may throw in its place. */
const handChain = (fault: (at: "before" | "after") => void = () => undefined) => {
  let genesis = 1;
  let block = 0;
  const tokens = new Map<Hex, { tokenId: number; txHash: Hex; blockNumber: number }>();
  const places = new Map<Hex, { tokenId: number; txHash: Hex; blockNumber: number }>();
  const events: Hex[] = [];
  const nextTx = (): { txHash: Hex; blockNumber: number } => ({ txHash: hash(7_000_000 * genesis + ++block), blockNumber: block });
  const put = (recordHash: Hex, tokenId: number, tx: { txHash: Hex; blockNumber: number }): void => {
    if (places.has(recordHash)) return;
    places.set(recordHash, { tokenId, ...tx });
    events.push(recordHash);
  };
  const chain: RecordsNeeds["chain"] = {
    identity: async () => {
      fault("before");
      return { chainId: 31_337, genesis: hash(genesis), contract: `0x${"ab".repeat(20)}` };
    },
    register: async (batch: readonly Registration[]) => {
      fault("before");
      const tx = nextTx();
      const fresh = new Set<Hex>();
      for (const { serialHash, recordHash } of batch) {
        if (tokens.has(serialHash)) continue;
        fresh.add(recordHash);
        tokens.set(serialHash, { tokenId: tokens.size + 1, ...tx });
        put(recordHash, tokens.size, tx);
      }
      fault("after");
      return [...new Map(batch.map((one) => [one.serialHash, one])).values()].map(({ serialHash, recordHash }) => ({
        serialHash,
        ...(tokens.get(serialHash) ?? { tokenId: 0, ...tx }),
        recordHash: fresh.has(recordHash) ? recordHash : null,
      }));
    },
    recordMaintenance: async (batch: readonly ChainRecord[]) => {
      fault("before");
      const tx = nextTx();
      const answers = batch.map(({ recordHash, tokenId }) => {
        if (tokenId > tokens.size) return { recordHash, txHash: null, blockNumber: null, reason: `ERC721NonexistentToken(${tokenId})` };
        put(recordHash, tokenId, tx);
        const { txHash, blockNumber } = places.get(recordHash) ?? tx;
        return { recordHash, txHash, blockNumber, reason: null };
      });
      fault("after");
      return answers;
    },
    finality: async (txHash, depth) => {
      fault("before");
      const found = [...places.values()].find((place) => place.txHash === txHash);
      if (found === undefined) return { state: "missing" };
      return { state: block - found.blockNumber >= depth ? "final" : "waiting", blockNumber: found.blockNumber };
    },
  };
  const forget = (): void => {
    tokens.clear();
    places.clear();
    block = 0;
  };
  return {
    chain,
    events,
    tokens,
    places,
    mine: (): void => void block++,
    /** Another chain at the same address. */
    replace: (): void => {
      forget();
      genesis += 1;
    },
    /** A block that was replaced: this chain knows nothing of before. */
    reorganise: forget,
  };
};

const twinOf = (rig: string, identity: Partial<Twin["identity"]> = {}, firstSeenTs = T0): Twin => ({
  ...newTwin("north", rig, 0, firstSeenTs),
  identity: { ...NO_IDENTITY, make: "Bitmain", model: "Antminer S19", ...identity },
  nameplate: { hashrateThs: 95, powerW: 3_250, boards: 3, chips: 76, fans: 4 },
});

const world = (twins: readonly Twin[], hand = handChain(), more: Partial<RecordsNeeds> = {}) => {
  const clock = handClock();
  const journal = handJournal(clock.now);
  let ledger: Ledger = noLedger();
  journal.subscribe((entries) => entries.forEach((entry) => foldLedger(ledger, entry)));
  const all = new Map(twins.map((twin) => [twin.rig, twin]));
  const errors: string[] = [];
  const make = () =>
    createRecords({
      site: "north",
      clock,
      write: journal.write,
      ledger: () => ledger,
      twins: () => all,
      chain: hand.chain,
      bringRights: () => Promise.resolve(),
      substitutes: { missingRecords: () => [], relay: () => Promise.resolve(new Set()) },
      finalDepth: 0,
      gatherMs: 0,
      onError: (what) => errors.push(what),
      ...more,
    });
  /** As a process would that starts anew: everything from the journal. */
  const restart = () => {
    ledger = noLedger();
    for (const entry of journal.entries) foldLedger(ledger, entry);
    return make();
  };
  return {
    clock,
    journal,
    hand,
    twins: all,
    errors,
    ledger: () => ledger,
    make,
    restart,
    statuses: () => [...ledger.records.values()].flat().map(({ status }) => status),
  };
};

describe("a rig's first record", () => {
  test("is sealed at once where it told its serial number, after a while where it did not; each gets a token", async () => {
    const w = world([twinOf("a", { serial: "S-1" }), twinOf("b", { mac: "aa:bb:cc:dd:ee:01" }), twinOf("c")]);
    const records = w.make();
    await records.step();
    expect([...w.ledger().tokens.keys()]).toEqual(["a"]);
    expect(records.status()).toMatchObject({ waiting: 0, tokenless: 2 });
    expect(recordsOf(w.ledger(), "a")[0]).toMatchObject({
      status: "final",
      tokenId: 1,
      body: { kind: "registration", number: 1, prev: null, serial: "S-1", technician: "rigtwin" },
    });
    await w.clock.pass(GRACE_MS);
    await records.step();
    await records.step();
    expect([...w.ledger().tokens].map(([rig, { tokenId }]) => [rig, tokenId])).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
    expect(["a", "b", "c"].map((rig) => recordsOf(w.ledger(), rig)[0]?.body.summary)).toEqual([
      "Bitmain Antminer S19 first seen; known by its serial number.",
      "Bitmain Antminer S19 first seen; known by its MAC address.",
      "Bitmain Antminer S19 first seen; known by its name in the site.",
    ]);
    expect(w.hand.events).toHaveLength(3);
    expect(records.status()).toMatchObject({ waiting: 0, tokenless: 0 });
  });

  test("is sealed without a chain, too", async () => {
    const away = (): never => {
      throw new Refused("CHAIN_UNAVAILABLE", "nobody answers");
    };
    const w = world([twinOf("a", { serial: "S-1" })], handChain(away));
    const records = w.make();
    await records.step();
    expect(w.statuses()).toEqual(["sealed"]);
    expect(records.status()).toEqual({ away: true, detail: "CHAIN_UNAVAILABLE: nobody answers", waiting: 1, tokenless: 1 });
  });

  test("a machine that comes back under another name keeps its token", async () => {
    const w = world([twinOf("old-name", { serial: "S-1" })]);
    const records = w.make();
    await records.step();
    w.twins.set("new-name", twinOf("new-name", { serial: "S-1" }));
    await records.step();
    expect([...w.ledger().tokens.values()].map(({ tokenId }) => tokenId)).toEqual([1, 1]);
    expect(w.ledger().rigOfToken.get(1)).toBe("new-name");
    expect(recordsOf(w.ledger(), "new-name")[0]).toMatchObject({ status: "final", tokenId: 1 });
    expect(w.hand.events).toHaveLength(2);
  });

  test("two hundred and fifty machines go in three transactions", async () => {
    const w = world(Array.from({ length: 250 }, (_, i) => twinOf(`rig-${i}`, { serial: `S-${i}` })));
    await w.make().step();
    expect(w.ledger().tokens.size).toBe(250);
    expect(new Set([...w.ledger().tokens.values()].map(({ txHash }) => txHash)).size).toBe(3);
    expect(w.statuses().every((status) => status === "final")).toBe(true);
  });
});

describe("what somebody did", () => {
  test("is answered when the journal has it, and linked to what was before", async () => {
    const w = world([twinOf("a", { serial: "S-1" })]);
    const records = w.make();
    await records.step();
    const sealed = await Promise.all([1, 2, 3, 4, 5].map((n) => records.seal("a", { ...work, summary: `work ${n}` })));
    expect(sealed.map(({ status, body }) => [status, body.number])).toEqual([2, 3, 4, 5, 6].map((n) => ["sealed", n]));
    expect(verifyChainOfRecords(recordsOf(w.ledger(), "a"))).toEqual({ ok: true, reason: null });
    await records.step();
    expect(w.statuses()).toEqual(Array(6).fill("final"));
    expect(new Set(w.hand.events).size).toBe(6);
  });

  test("is refused for a rig nobody saw, for work of tomorrow, and when the disk is full", async () => {
    let full = false;
    const w = world([twinOf("a", { serial: "S-1" })]);
    const records = w.make();
    await expect(records.seal("nobody", work)).rejects.toThrow("RIG_UNKNOWN");
    await expect(records.seal("a", { ...work, performedTs: T0 + 86_400_000 })).rejects.toThrow("REQUEST_INVALID");
    const refusing = world([twinOf("a", { serial: "S-1" })], handChain(), {
      write: async () => {
        if (full) throw new Refused("DISK_FULL", "no room");
      },
    });
    full = true;
    await expect(refusing.make().seal("a", work)).rejects.toThrow("DISK_FULL");
    expect(recordsOf(refusing.ledger(), "a")).toEqual([]);
    expect(recordsOf(w.ledger(), "a")).toEqual([]);
  });

  test("is final as deep as configured, and not before", async () => {
    const w = world([twinOf("a", { serial: "S-1" })], handChain(), { finalDepth: 2 });
    const records = w.make();
    await records.step();
    expect(w.statuses()).toEqual(["sent"]);
    expect(records.status().waiting).toBe(1);
    w.hand.mine();
    await records.step();
    expect(w.statuses()).toEqual(["sent"]);
    w.hand.mine();
    await records.step();
    expect(w.statuses()).toEqual(["final"]);
    expect(records.status()).toEqual({ away: false, detail: "", waiting: 0, tokenless: 0 });
  });
});

describe("gathering", () => {
  const GATHER_MS = 480 * 60_000;
  const kinds = (w: ReturnType<typeof world>) => w.statuses().slice(1);

  test("records that come hours apart go in few transactions, each sealed at once and none waiting longer than allowed", async () => {
    const w = world([twinOf("a", { serial: "S-1" })], handChain(), { gatherMs: GATHER_MS });
    const records = w.make();
    await records.step();
    const waitedMs: number[] = [];
    const sealed: number[] = [];
    for (let minute = 0; minute < 3 * 480; minute += 6) {
      if (minute % 72 === 0) {
        await records.seal("a", { ...work, summary: `Cleaning ${minute}`, performedTs: w.clock.now() });
        sealed.push(w.clock.now());
      }
      const before = w.statuses().filter((status) => status === "final").length;
      await records.step();
      const after = w.statuses().filter((status) => status === "final").length;
      if (after > before) waitedMs.push(w.clock.now() - (sealed[before - 1] as number));
      await w.clock.pass(6 * 60_000);
    }
    await w.clock.pass(GATHER_MS);
    await records.step();
    expect(sealed).toHaveLength(20);
    expect(kinds(w)).toEqual(Array.from({ length: 20 }, () => "final"));
    expect(Math.max(...waitedMs)).toBe(GATHER_MS);
    const transactions = new Set([...w.hand.places.values()].map(({ txHash }) => txHash));
    expect(transactions.size - 1).toBe(3);
  });

  test("what changes a machine's status waits for nobody, and takes along what waits", async () => {
    const w = world([twinOf("a", { serial: "S-1" })], handChain(), { gatherMs: GATHER_MS });
    const records = w.make();
    await records.step();
    await records.seal("a", work);
    await records.step();
    expect(kinds(w)).toEqual(["sealed"]);
    await records.seal("a", { ...work, kind: "retired" });
    await records.step();
    expect(kinds(w)).toEqual(["final", "final"]);
  });

  test("a full transaction is sent, and a restart forgets nobody's waiting", async () => {
    const w = world([twinOf("a", { serial: "S-1" })], handChain(), { gatherMs: GATHER_MS });
    const first = w.make();
    await first.step();
    await first.seal("a", work);
    await w.clock.pass(GATHER_MS - 1);
    await first.step();
    expect(kinds(w)).toEqual(["sealed"]);
    const again = w.restart();
    await w.clock.pass(1);
    await again.step();
    expect(kinds(w)).toEqual(["final"]);
    for (let i = 0; i < 99; i++) await again.seal("a", { ...work, summary: `Cleaning ${i}` });
    await again.step();
    expect(kinds(w).filter((status) => status === "sealed")).toHaveLength(99);
    await again.seal("a", { ...work, summary: "The hundredth" });
    await again.step();
    expect(kinds(w).filter((status) => status === "sealed")).toHaveLength(0);
  });
});

describe("a chain that is not what it was", () => {
  test("another genesis: every machine and record is sent again", async () => {
    const w = world([twinOf("a", { serial: "S-1" }), twinOf("b", { serial: "S-2" })]);
    const records = w.make();
    await records.step();
    await records.seal("a", work);
    await records.step();
    const before = w.ledger().chain;
    w.hand.replace();
    await records.step();
    expect(w.ledger().chain?.genesis).not.toBe(before?.genesis);
    expect(w.errors).toEqual(["another chain answers; every machine and record is sent to it again"]);
    expect(w.ledger().tokens.size).toBe(2);
    expect(w.statuses()).toEqual(["final", "final", "final"]);
    expect(w.hand.places.size).toBe(3);
    expect(w.hand.events).toHaveLength(6);
  });

  test("a block that was replaced: what it held is sent again", async () => {
    const w = world([twinOf("a", { serial: "S-1" })], handChain(), { finalDepth: 5 });
    const records = w.make();
    await records.step();
    expect(w.statuses()).toEqual(["sent"]);
    w.hand.reorganise();
    for (let i = 0; i < 4; i++) await records.step();
    for (let i = 0; i < 5; i++) w.hand.mine();
    await records.step();
    expect(w.statuses()).toEqual(["final"]);
    expect(w.ledger().tokens.get("a")?.tokenId).toBe(1);
  });

  test("a record that the contract refuses is told with its reason and not sent again", async () => {
    const hand = handChain();
    const w = world([twinOf("a", { serial: "S-1" })], hand);
    const records = w.make();
    await records.step();
    const { recordMaintenance } = hand.chain;
    let asked = 0;
    const stubborn = {
      ...hand.chain,
      recordMaintenance: (batch: readonly ChainRecord[]) => (
        (asked += 1),
        recordMaintenance([]).then(() =>
          batch.map(({ recordHash }) => ({ recordHash, txHash: null, blockNumber: null, reason: "recorded for token 9 already" })),
        )
      ),
    };
    const again = world([twinOf("a", { serial: "S-1" })], { ...hand, chain: stubborn });
    const relay = again.make();
    await relay.step();
    await relay.seal("a", work);
    await relay.step();
    await relay.step();
    expect(recordsOf(again.ledger(), "a").at(-1)).toMatchObject({
      status: "refused",
      reason: "recorded for token 9 already",
      txHash: null,
    });
    expect(asked).toBe(2);
    expect(relay.status().waiting).toBe(0);
  });

  test("away for hours: asked ever less often, nothing is lost, all is sent when it is back", async () => {
    let away = false;
    let asked = 0;
    const w = world(
      [twinOf("a", { serial: "S-1" })],
      handChain(() => {
        asked += 1;
        if (away) throw new Refused("CHAIN_UNAVAILABLE", "nobody answers");
      }),
    );
    const records = w.make();
    records.start();
    await w.clock.pass(2_000);
    away = true;
    const before = asked;
    for (let i = 0; i < 20; i++) {
      await records.seal("a", { ...work, summary: `while away ${i}` });
      await w.clock.pass(360_000);
    }
    expect(asked - before).toBeLessThan(150);
    expect(w.errors).toHaveLength(1);
    expect(records.status()).toMatchObject({ away: true, waiting: 20 });
    away = false;
    await w.clock.pass(61_000);
    expect(records.status()).toEqual({ away: false, detail: "", waiting: 0, tokenless: 0 });
    expect(w.hand.events).toHaveLength(21);
    await records.stop();
    const settled = asked;
    await w.clock.pass(60_000);
    expect(asked).toBe(settled);
  });
});

describe("killed anywhere", () => {
  test("each machine has one token and each record one event, and the ledger says so", async () => {
    const faults = fc.array(fc.boolean(), { minLength: 5, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(faults, fc.integer({ min: 1, max: 4 }), async (plan, rigs) => {
        let at = 0;
        let armed = true;
        const die = (): void => {
          if (armed && plan[at++ % plan.length]) throw new Refused("CHAIN_UNAVAILABLE", "killed here");
        };
        const hand = handChain(die);
        const w = world(
          Array.from({ length: rigs }, (_, i) => twinOf(`r${i}`, { serial: `S-${i}` })),
          hand,
        );
        let written = 0;
        const journal = w.journal.write;
        const mayDie = {
          write: async (topic: string, payload: Uint8Array) => {
            written += 1;
            await journal(topic, payload);
            if (armed && plan[written % plan.length] && written % 3 === 0) throw new Refused("JOURNAL_UNAVAILABLE", "killed here");
          },
        };
        for (let round = 0; round < 12; round++) {
          const records = createRecords({
            site: "north",
            clock: w.clock,
            ledger: w.ledger,
            twins: () => w.twins,
            chain: hand.chain,
            bringRights: () => Promise.resolve(),
            substitutes: { missingRecords: () => [], relay: () => Promise.resolve(new Set()) },
            finalDepth: 0,
            gatherMs: 0,
            onError: () => undefined,
            ...mayDie,
          });
          await records.seal(`r${round % rigs}`, { ...work, summary: `round ${round}` }).catch(() => undefined);
          await records.step();
        }
        armed = false;
        const last = w.restart();
        for (let i = 0; i < 3; i++) await last.step();
        expect(w.statuses().every((status) => status === "final")).toBe(true);
        expect(hand.tokens.size).toBe(rigs);
        expect(hand.events.toSorted()).toEqual(
          [...w.ledger().records.values()]
            .flat()
            .map((record) => record.hash)
            .toSorted(),
        );
        for (const records of w.ledger().records.values()) expect(verifyChainOfRecords(records).ok).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("the ledger of a replay is the ledger of then", async () => {
    const w = world([twinOf("a", { serial: "S-1" })], handChain(), { finalDepth: 1 });
    const records = w.make();
    await records.step();
    const then = w.journal.entries.length;
    const before = JSON.stringify([...w.ledger().records]);
    w.hand.mine();
    await records.seal("a", work);
    await records.step();
    const replayed = noLedger();
    for (const entry of w.journal.entries.slice(0, then)) foldLedger(replayed, entry);
    expect(JSON.stringify([...replayed.records])).toBe(before);
    expect(recordsOf(replayed, "a")[0]?.status).toBe("sent");
    expect(recordsOf(w.ledger(), "a")[0]?.status).toBe("final");
  });

  test("a forged or repeated entry changes nothing", async () => {
    const w = world([twinOf("a", { serial: "S-1" })]);
    const records = w.make();
    const sealed = await records.seal("a", work);
    const text = new TextEncoder();
    const before = JSON.stringify([...w.ledger().records]);
    await w.journal.write("$rigtwin/record", text.encode(sealed.bytes));
    await w.journal.write("$rigtwin/record", text.encode(sealed.bytes.replace("Dust", "Rust")));
    await w.journal.write("$rigtwin/record", text.encode("{}"));
    await w.journal.write(
      "$rigtwin/on-chain",
      text.encode(JSON.stringify({ what: "record", rig: "a", hash: hash(1), status: "final", txHash: null, blockNumber: 1, reason: null })),
    );
    await w.journal.write("$rigtwin/tick", text.encode("{}"));
    expect(JSON.stringify([...w.ledger().records])).toBe(before);
  });
});
