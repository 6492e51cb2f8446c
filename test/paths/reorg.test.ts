/** A chain that takes blocks back, and one that is another: records, tokens, keys and roles on the real contract. */
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createPublicClient, http, parseAbiItem } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { rigTwinAbi } from "../../server/contracts/abi.generated.ts";
import { createChain } from "../../server/edge/chain/client.ts";
import { createRecords } from "../../server/flows/records.ts";
import { createRights } from "../../server/flows/rights.ts";
import { createSubstitutes } from "../../server/flows/substitutes.ts";
import { newTwin } from "../../server/twin/fold.ts";
import { gatewayId, keyAt, type GatewayKeys } from "../../server/twin/gateway.ts";
import { foldLedger, noLedger, recordsOf } from "../../server/twin/ledger.ts";
import { NO_IDENTITY } from "../../server/twin/reading.ts";
import type { Act } from "../../server/twin/record.ts";
import type { Hex } from "../../server/twin/seal.ts";
import { signatureState } from "../../server/twin/signature.ts";
import { addressOfKey, signDigest, typedDataDigest } from "../../server/twin/typed-data.ts";
import { foldSubstitute } from "../../server/twin/substitution.ts";
import type { Twin } from "../../server/twin/twin.ts";
import { OWN } from "../../server/twin/wire.ts";
import { nodeWithin, ownFolder } from "../servers/chain.ts";

const DEPTH = 3;
const KEY = generatePrivateKey();
const SIGNER = addressOfKey(KEY);
const T0 = 1_790_000_000_000;
const work = { kind: "cleaning", performedTs: T0, technician: "badge-3", summary: "Dust blown out", parts: [] } as const;

const open = async () => {
  const own = ownFolder("reorg");
  let node = await nodeWithin(join(own.folder, "node"));
  const ledger = noLedger();
  const gatewayKeys: GatewayKeys = new Map([
    ["gw-1", [{ publicKey: "11".repeat(32), fromTs: T0, toTs: null }]],
    ["gw-2", [{ publicKey: "22".repeat(32), fromTs: T0, toTs: T0 + 10_000 }]],
  ]);
  const twins = new Map<string, Twin>(
    ["a", "b"].map((rig, i) => [
      rig,
      { ...newTwin("north", rig, i, T0), identity: { ...NO_IDENTITY, make: "Bitmain", model: "S19", serial: `SN-${rig}` } },
    ]),
  );
  let nowTs = T0;
  let pos = 0;
  const write = async (topic: string, payload: Uint8Array): Promise<void> => {
    if (topic !== OWN.act)
      return void foldLedger(ledger, { pos: ++pos, receivedTs: nowTs, topic, payload, qos: 1, retain: false, dup: false, client: "" });
    const act = JSON.parse(new TextDecoder().decode(payload)) as Extract<Act, { what: "technician" | "substitute" }>;
    if (act.what === "substitute") foldSubstitute(ledger, act);
    else ledger.technicians.set(act.address, { badge: act.badge, isActive: act.isActive });
  };
  const clock = { now: () => nowTs, every: () => () => undefined };
  const errors: string[] = [];
  const key = generatePrivateKey();
  const build = () => {
    const chain = createChain({
      rpcUrl: node.rpcUrl,
      local: false,
      folder: join(own.folder, "keys"),
      key,
      contract: null,
      site: "north",
      link: "",
      now: Date.now,
      waitMs: 5_000,
    });
    const onError = (what: string, error: unknown): void => void errors.push(`${what}: ${String(error)}`);
    const rights = createRights({ now: clock.now, ledger: () => ledger, gatewayKeys: () => gatewayKeys, chain, onError });
    const substitutes = createSubstitutes({
      site: "north",
      now: clock.now,
      ledger: () => ledger,
      twins: () => twins,
      write,
      chain,
      onError,
    });
    const records = createRecords({
      site: "north",
      clock,
      write,
      ledger: () => ledger,
      twins: () => twins,
      chain,
      bringRights: rights.relay,
      substitutes,
      finalDepth: DEPTH,
      gatherMs: 0,
      onError,
    });
    return { chain, records, substitutes };
  };
  let parts = build();
  return {
    ledger,
    gatewayKeys,
    errors,
    records: () => parts.records,
    substitutes: () => parts.substitutes,
    twins,
    rewind: (blocks: number) => node.rewind(blocks),
    steps: async (n = 4, everyMs = 61_000): Promise<void> => {
      for (let i = 0; i < n; i++) {
        nowTs += everyMs;
        await parts.records.step();
      }
    },
    otherChain: async (): Promise<void> => {
      await node.stop();
      node = await nodeWithin(join(own.folder, "other"));
      parts = build();
    },
    client: () => createPublicClient({ transport: http(node.rpcUrl), cacheTime: 0 }),
    twin: () => ({ address: ledger.chain?.contract as Hex, abi: rigTwinAbi }),
    now: () => nowTs,
    close: async (): Promise<void> => {
      await node.stop();
      own.remove();
    },
  };
};
let bench: Awaited<ReturnType<typeof open>>;
beforeEach(async () => {
  bench = await open();
});
afterEach(() => bench.close());

const recorded = async (): Promise<string[]> => {
  const event = parseAbiItem(
    "event MaintenanceRecorded(uint256 indexed tokenId, bytes32 indexed recordHash, uint8 kind, uint40 performedAt, address performer)",
  );
  const logs = await bench.client().getLogs({ address: bench.twin().address, event, fromBlock: 0n });
  return logs.map(({ args }) => String(args.recordHash));
};
const statusOf = (rig: string): string[] => recordsOf(bench.ledger, rig).map(({ status }) => status);
const allHashes = (): string[] => [...bench.ledger.records.values()].flat().map(({ hash }) => hash);
const keyOnChain = (gateway: string, ts: number): Promise<Hex> =>
  bench.client().readContract({ ...bench.twin(), functionName: "gatewayKeyAt", args: [gatewayId(gateway), Math.floor(ts / 1_000)] });
const isTechnician = async (block?: number): Promise<boolean> =>
  bench.client().readContract({
    ...bench.twin(),
    functionName: "wasTechnician",
    args: [SIGNER, block ?? Number(await bench.client().getBlockNumber())],
  });
/** A record as a technician signs it. */
const signed = async (rig: string): Promise<void> => {
  const draft = bench.records().draft(rig, { ...work, parts: [], signer: SIGNER });
  const signature = signDigest(typedDataDigest(draft.typedData), KEY);
  await bench
    .records()
    .seal(rig, { ...work, parts: [], signed: { signer: SIGNER, number: draft.number, sealedTs: draft.sealedTs, signature } });
};

test("records of blocks that were taken back are sealed again and sent again, each on the chain once in the end", async () => {
  await bench.steps(2);
  await bench.records().seal("a", { ...work, parts: [] });
  await bench.records().seal("b", { ...work, parts: [] });
  await bench.steps(1);
  expect(statusOf("a")).toContain("sent");
  const before = await recorded();
  await bench.rewind(1);
  expect((await recorded()).length).toBeLessThan(before.length);
  await bench.steps(1);
  expect([...statusOf("a"), ...statusOf("b")]).toContain("sealed");
  await bench.steps(3);
  expect((await recorded()).toSorted()).toEqual(allHashes().toSorted());
  // Further blocks make it as deep as configured.
  for (let n = 0; n < DEPTH; n++) {
    await bench.records().seal("a", { ...work, summary: `more ${n}`, parts: [] });
    await bench.steps(2);
  }
  expect(statusOf("b")).toEqual(["final", "final"]);
});

test("even the registrations, the keys and the roles come back", async () => {
  await bench.records().setTechnician({ address: SIGNER, badge: "badge-3", isActive: true, by: "test" });
  await bench.steps(2);
  await signed("a");
  await bench.steps(1);
  const head = Number(await bench.client().getBlockNumber());
  // All but the deployment.
  await bench.rewind(head - 1);
  await bench.steps(6);
  expect((await recorded()).toSorted()).toEqual(allHashes().toSorted());
  expect(await keyOnChain("gw-1", T0)).toBe(`0x${"11".repeat(32)}`);
  expect(await isTechnician()).toBe(true);
});

const SUBSTITUTED = parseAbiItem("event RigSubstituted(uint256 indexed oldTokenId, uint256 indexed newTokenId)");
const substitutions = async (): Promise<string[]> => {
  const logs = await bench.client().getLogs({ address: bench.twin().address, event: SUBSTITUTED, fromBlock: 0n });
  return logs.map(({ args }) => `${args.oldTokenId} by ${args.newTokenId}`);
};
/** Whose place was taken by whom, and how the old one stands: 4 is "substituted". */
const placeOf = async (tokenId: number): Promise<readonly [number, number]> => {
  const of = { ...bench.twin(), args: [BigInt(tokenId)] } as const;
  const by = await bench.client().readContract({ ...of, functionName: "substitutedBy" });
  return [Number(by), (await bench.client().readContract({ ...of, functionName: "rigOf" })).status];
};
const takePlace = (): Promise<unknown> =>
  bench.substitutes().add("a", { substitute: "b", performedTs: bench.now(), technician: "badge-3" });
const tokenOf = (rig: string): number => bench.ledger.tokens.get(rig)?.tokenId ?? 0;

test.each([1, 2, 3])(
  "a machine that took another's place is on the chain once, with its records, after %s blocks were taken back",
  async (blocks) => {
    await bench.steps(2);
    await takePlace();
    // So quick that what the contract was known to have would still be believed.
    await bench.steps(2, 1_000);
    expect(await substitutions()).toEqual([`${tokenOf("a")} by ${tokenOf("b")}`]);
    expect(statusOf("a").at(-1)).toBe("sent");
    await bench.rewind(blocks);
    await bench.steps(1, 1_000);
    expect([...statusOf("a"), ...statusOf("b")]).toContain("sealed");
    await bench.steps(4, 1_000);
    expect(await substitutions()).toEqual([`${tokenOf("a")} by ${tokenOf("b")}`]);
    expect(await placeOf(tokenOf("a"))).toEqual([tokenOf("b"), 4]);
    expect((await recorded()).toSorted()).toEqual(allHashes().toSorted());
    // Of three blocks the third made the token; that it was gone is told.
    expect(bench.errors.filter((error) => !error.includes("ERC721NonexistentToken"))).toEqual([]);
  },
);

test("a retirement waits until the machine that takes the place has its token", async () => {
  await bench.steps(2);
  // Just plugged in: its serial number is still waited for.
  bench.twins.set("c", newTwin("north", "c", 2, bench.now()));
  await bench.substitutes().add("a", { substitute: "c", performedTs: bench.now(), technician: "badge-3" });
  await bench.steps(5, 1_000);
  expect(tokenOf("c")).toBe(0);
  expect(statusOf("a")).toContain("sealed");
  await bench.steps(3);
  expect(await substitutions()).toEqual([`${tokenOf("a")} by ${tokenOf("c")}`]);
  expect((await recorded()).toSorted()).toEqual(allHashes().toSorted());
});

test("gateways' keys are on the contract with their windows, once; a new key joins the old; another chain gets them all", async () => {
  await bench.steps(3);
  const windows = async (): Promise<(string | null)[][]> =>
    Promise.all(
      ["gw-1", "gw-2"].map((gateway) =>
        Promise.all([T0 - 1_000, T0, T0 + 9_000, T0 + 10_000, T0 + 90_000].map((ts) => keyOnChain(gateway, ts))),
      ),
    );
  const own = (): string[][] =>
    ["gw-1", "gw-2"].map((gateway) =>
      [T0 - 1_000, T0, T0 + 9_000, T0 + 10_000, T0 + 90_000].map((ts) => `0x${keyAt(bench.gatewayKeys, gateway, ts) ?? "0".repeat(64)}`),
    );
  expect(await windows()).toEqual(own());
  bench.gatewayKeys.get("gw-1")?.push({ publicKey: "33".repeat(32), fromTs: T0 + 60_000, toTs: null });
  await bench.steps(3);
  expect(await windows()).toEqual(own());
  const entries = (): Promise<number> =>
    bench
      .client()
      .readContract({ ...bench.twin(), functionName: "gatewayKeysOf", args: [gatewayId("gw-1")] })
      .then((all) => all.length);
  expect(await entries()).toBe(2);
  await bench.otherChain();
  await bench.steps(3);
  expect(await windows()).toEqual(own());
  expect(await entries()).toBe(2);
});

test("a technician's record: signed against the contract, judged as of its block, refused by code where anything is wrong", async () => {
  await bench.steps(2);
  expect(() => bench.records().draft("a", { ...work, parts: [], signer: SIGNER })).toThrow("SIGNER_UNKNOWN");
  await bench.records().setTechnician({ address: SIGNER, badge: "badge-3", isActive: true, by: "test" });
  await signed("a");
  const draft = bench.records().draft("a", { ...work, parts: [], signer: SIGNER });
  const told = {
    signer: SIGNER,
    number: draft.number,
    sealedTs: draft.sealedTs,
    signature: signDigest(typedDataDigest(draft.typedData), KEY),
  };
  const refused = (change: object, more: object = {}) =>
    bench.records().seal("a", { ...work, parts: [], ...more, signed: { ...told, ...change } });
  await expect(refused({ signature: signDigest(typedDataDigest(draft.typedData), generatePrivateKey()) })).rejects.toThrow(
    "SIGNATURE_INVALID",
  );
  await expect(refused({}, { summary: "Nothing was done" })).rejects.toThrow("SIGNATURE_INVALID");
  await expect(refused({ number: 1 })).rejects.toThrow("RECORD_OUTDATED");
  await expect(refused({ sealedTs: draft.sealedTs - 3_600_000 })).rejects.toThrow("RECORD_OUTDATED");
  await expect(refused({ signer: addressOfKey(generatePrivateKey()) })).rejects.toThrow("SIGNER_UNKNOWN");
  await expect(refused({}, { technician: "badge-4" })).rejects.toThrow("SIGNER_UNKNOWN");
  await refused({});
  // Taken back before the chain has them: the role is kept until it has.
  await bench.records().setTechnician({ address: SIGNER, badge: "badge-3", isActive: false, by: "test" });
  expect(() => bench.records().draft("a", { ...work, parts: [], signer: SIGNER })).toThrow("SIGNER_UNKNOWN");
  await bench.steps(4);
  for (const { hash, body, signature, blockNumber } of recordsOf(bench.ledger, "a").slice(1)) {
    expect(signatureState(body, hash, signature)).toBe("signed");
    expect(await isTechnician(blockNumber ?? 0)).toBe(true);
  }
  expect(recordsOf(bench.ledger, "a")).toHaveLength(3);
  expect(await isTechnician()).toBe(false);
  await bench.otherChain();
  await bench.steps(5);
  for (const { blockNumber, body } of recordsOf(bench.ledger, "a"))
    if (body.signer !== undefined) expect(await isTechnician(blockNumber ?? 0)).toBe(true);
  expect(await isTechnician()).toBe(false);
});
