/** Thousands of random calls on the compiled contracts in a real EVM, each foretold by a model of a few lines. */
import { describe, expect, test } from "@jest/globals";
import { createBlock } from "@ethereumjs/block";
import { createAddressFromString, hexToBytes, type Address } from "@ethereumjs/util";
import { createVM } from "@ethereumjs/vm";
import {
  decodeEventLog,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  keccak256,
  toBytes,
  zeroHash,
  type Abi,
  type Hex,
} from "viem";
import { rigTwinAbi, rigTwinBytecode, telemetryLogAbi } from "../../server/contracts/abi.generated.ts";
import { localCommon } from "../../server/edge/chain/engine.ts";

/** `npm run test:chain` makes them all; every run of all tests makes a part of them. */
const CALLS = Number(process.env["CHAIN_CALLS"] ?? 600);
const DAY_S = 86_400;
const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
const address = (n: number): Hex => `0x${n.toString(16).padStart(40, "0")}`;
const [ADMIN, RELAYER, TECHNICIAN, ANNA, BEN, STRANGER] = [1, 2, 3, 4, 5, 6].map((n) => address(0xa0_00 + n)) as [
  Hex,
  Hex,
  Hex,
  Hex,
  Hex,
  Hex,
];
const ACTORS = [ADMIN, RELAYER, TECHNICIAN, ANNA, BEN, STRANGER] as const;
const TECHNICIAN_ROLE = keccak256(toBytes("TECHNICIAN"));
const MODEL = { name: "S19", nominalGhs: 110_000n, nominalWatts: 3_250 };
const [ACTIVE, MAINTENANCE, RETIRED, SUBSTITUTED] = [1, 2, 3, 4] as const;

/** Seeded, so that a failure can be had again (mulberry32). */
const chanceOf = (seed: number) => {
  let state = seed;
  return (n: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
};

const openWorld = async () => {
  const common = localCommon();
  const vm = await createVM({ common });
  let nowS = 20_000 * DAY_S + 5;
  let number = 1;
  const run = async (caller: Hex, to: Address | undefined, data: Hex) => {
    const block = createBlock({ header: { number, timestamp: nowS, gasLimit: 30_000_000n, baseFeePerGas: 0n } }, { common });
    const { execResult, createdAddress } = await vm.evm.runCall({
      caller: createAddressFromString(caller),
      ...(to === undefined ? {} : { to }),
      data: hexToBytes(data),
      gasLimit: 30_000_000n,
      block,
      skipBalance: true,
    });
    return { ok: execResult.exceptionError === undefined, data: execResult.returnValue, logs: execResult.logs ?? [], createdAddress };
  };
  const farm = { site: "north", link: "", image: "", trust: "self-reported", verifier: zeroHash };
  const deployed = await run(
    RELAYER,
    undefined,
    encodeDeployData({ abi: rigTwinAbi, bytecode: rigTwinBytecode, args: [ADMIN, RELAYER, farm] }),
  );
  const twin = deployed.createdAddress as Address;
  const caller = (abi: Abi, to: Address) => ({
    call: async (from: Hex, functionName: string, args: readonly unknown[]): Promise<{ ok: boolean; events: string[] }> => {
      const { ok, logs } = await run(from, to, encodeFunctionData({ abi, functionName, args }));
      const events = ok
        ? logs.map(([, topics, data]) => {
            const event = {
              abi: [...rigTwinAbi, ...telemetryLogAbi] as Abi,
              topics: topics.map((topic) => `0x${Buffer.from(topic).toString("hex")}`) as [Hex, ...Hex[]],
              data: `0x${Buffer.from(data).toString("hex")}` as Hex,
            };
            return String(decodeEventLog(event).eventName);
          })
        : [];
      return { ok, events };
    },
    read: async (functionName: string, args: readonly unknown[] = []): Promise<unknown> => {
      const { ok, data } = await run(STRANGER, to, encodeFunctionData({ abi, functionName, args }));
      if (!ok) throw new Error(`${functionName} reverted`);
      return decodeFunctionResult({ abi, functionName, data: `0x${Buffer.from(data).toString("hex")}` });
    },
  });
  const rig = caller(rigTwinAbi as Abi, twin);
  const log = caller(telemetryLogAbi as Abi, createAddressFromString((await rig.read("telemetryLog")) as Hex));
  return { rig, log, today: () => Math.floor(nowS / DAY_S), pass: (seconds: number) => ((nowS += seconds), (number += 1)) };
};

interface Rig {
  owner: Hex;
  approved: Hex | null;
  status: number;
  readonly fromDay: number;
  endDay: number;
}

describe("random calls", () => {
  test(`${CALLS} of them do what the model says, and the promises hold throughout`, async () => {
    const { rig, log, today, pass } = await openWorld();
    const chance = chanceOf(20_261_124);
    const oneOf = <T>(list: readonly T[]): T => list[chance(list.length)] as T;
    const rigs: Rig[] = [];
    const serials = new Set<number>();
    const recorded = new Set<number>();
    const technicians = new Set<Hex>([RELAYER]);
    const anchors = new Map<number, { root: Hex; size: number; corrections: number }>();
    let lastDay = 0;
    const done: Record<string, [accepted: number, refused: number]> = {};
    const activeOn = (day: number): number => rigs.filter(({ fromDay, endDay }) => fromDay <= day && endDay > day).length;
    const serves = (id: number): boolean => (rigs[id - 1]?.endDay ?? 0) === Number.POSITIVE_INFINITY;
    const end = (id: number, status: number): void => {
      const one = rigs[id - 1] as Rig;
      one.status = status;
      if (status === RETIRED || status === SUBSTITUTED) one.endDay = today();
    };

    const actions: Record<string, (who: Hex) => Promise<void>> = {};
    /** Calls, compares with what was foretold, and gives whether it was accepted. */
    const expected = async (
      name: string,
      isAllowed: boolean,
      sent: Promise<{ ok: boolean; events: string[] }>,
      events: readonly string[],
    ) => {
      const { ok, events: told } = await sent;
      expect([name, ok]).toEqual([name, isAllowed]);
      if (ok) expect([name, told]).toEqual([name, events]);
      (done[name] ??= [0, 0])[ok ? 0 : 1] += 1;
      return ok;
    };
    actions["register"] = async (who) => {
      const wanted = Array.from({ length: 1 + chance(4) }, () => chance(160));
      const isAllowed = who === RELAYER && new Set(wanted).size === wanted.length && wanted.every((serial) => !serials.has(serial));
      const batch = wanted.map((serial) => ({
        serialHash: hash(serial + 1),
        recordHash: hash(1_000_000 + serial),
        commissionedAt: 1,
        model: 0,
      }));
      const owner = oneOf([ANNA, BEN, ADMIN]);
      const events = wanted.flatMap(() => ["Transfer", "RigRegistered", "MaintenanceRecorded"]);
      if (!(await expected("register", isAllowed, rig.call(who, "register", [owner, [MODEL], batch]), events))) return;
      for (const serial of wanted) {
        serials.add(serial);
        rigs.push({ owner, approved: null, status: ACTIVE, fromDay: today(), endDay: Number.POSITIVE_INFINITY });
      }
    };
    actions["setStatus"] = async (who) => {
      const [id, to] = [1 + chance(rigs.length + 2), chance(5)];
      const isAllowed = who === RELAYER && serves(id) && to !== 0 && to !== SUBSTITUTED;
      const isSame = rigs[id - 1]?.status === to;
      const events = isSame ? [] : ["RigStatusChanged", "MetadataUpdate"];
      if (await expected("setStatus", isAllowed, rig.call(who, "setStatus", [id, to, hash(1)]), events)) end(id, to);
    };
    actions["substitute"] = async (who) => {
      const [old, next] = [1 + chance(rigs.length + 1), 1 + chance(rigs.length + 1)];
      const isAllowed = who === RELAYER && old !== next && serves(old) && serves(next);
      const events = ["RigStatusChanged", "MetadataUpdate", "RigSubstituted"];
      if (await expected("substitute", isAllowed, rig.call(who, "substitute", [old, next]), events)) end(old, SUBSTITUTED);
    };
    actions["record"] = async (who) => {
      const [id, n, kind] = [1 + chance(rigs.length + 2), chance(4_000), 1 + chance(9)];
      const isThere = id <= rigs.length;
      const isNew = !recorded.has(n);
      const target = kind === 6 ? MAINTENANCE : kind === 7 ? ACTIVE : kind === 8 ? RETIRED : null;
      const isChange = isThere && serves(id) && target !== null && rigs[id - 1]?.status !== target;
      const events = isNew ? ["MaintenanceRecorded", ...(isChange ? ["RigStatusChanged", "MetadataUpdate"] : []), "MetadataUpdate"] : [];
      const isBatch = chance(2) === 0;
      const entry = { tokenId: id, recordHash: hash(5_000_000 + n), kind, performedAt: 7 };
      const sent = isBatch
        ? rig.call(who, "recordMaintenances", [[entry]])
        : rig.call(who, "recordMaintenance", [id, entry.recordHash, kind, 7]);
      if (!(await expected("record", technicians.has(who) && isThere, sent, events)) || !isNew) return;
      recorded.add(n);
      if (isChange) end(id, target);
    };
    actions["transfer"] = async (who) => {
      const id = 1 + chance(rigs.length + 1);
      const one = rigs[id - 1];
      const [from, to] = [one === undefined || chance(6) === 0 ? oneOf(ACTORS) : one.owner, chance(8) === 0 ? address(0) : oneOf(ACTORS)];
      const isAllowed = one !== undefined && one.owner === from && to !== address(0) && (who === from || who === one.approved);
      const name = oneOf(["transferFrom", "safeTransferFrom"]);
      if (!(await expected("transfer", isAllowed, rig.call(who, name, [from, to, id]), ["Transfer"])) || one === undefined) return;
      [one.owner, one.approved] = [to, null];
    };
    actions["approve"] = async (anybody) => {
      const id = 1 + chance(rigs.length + 1);
      const [one, to] = [rigs[id - 1], oneOf(ACTORS)];
      const who = one === undefined || chance(3) === 0 ? anybody : one.owner;
      if (!(await expected("approve", one?.owner === who, rig.call(who, "approve", [to, id]), ["Approval"])) || one === undefined) return;
      one.approved = to;
    };
    actions["anchor"] = async (who) => {
      const day = (lastDay === 0 ? today() - 3 : lastDay + 1) + (chance(4) === 0 ? chance(3) - 1 : 0);
      const size = activeOn(day) + (chance(4) === 0 ? chance(3) - 1 : 0);
      const root = hash(7_000_000 + chance(1_000_000));
      const isAllowed = who === RELAYER && (lastDay === 0 || day === lastDay + 1) && day < today() && size === activeOn(day);
      const events = rigs.length > 0 ? ["BatchMetadataUpdate", "TelemetryAnchored"] : ["TelemetryAnchored"];
      if (size < 0 || !(await expected("anchor", isAllowed, log.call(who, "anchor", [day, root, hash(2), size, 5]), events))) return;
      expect(anchors.has(day)).toBe(false);
      lastDay = day;
      anchors.set(day, { root, size, corrections: 0 });
    };
    actions["correct"] = async (who) => {
      const day = lastDay - chance(5) + 1;
      const one = anchors.get(day);
      const isAllowed = who === RELAYER && one !== undefined;
      const sent = log.call(who, "correct", [Math.max(0, day), hash(chance(1_000)), hash(2), 5, hash(3)]);
      if (await expected("correct", isAllowed, sent, ["TelemetryCorrected"])) (one as { corrections: number }).corrections += 1;
    };
    actions["role"] = async (who) => {
      const [account, isGrant] = [oneOf([TECHNICIAN, BEN]), chance(2) === 0];
      const isChange = technicians.has(account) !== isGrant;
      const events = isChange ? [isGrant ? "RoleGranted" : "RoleRevoked"] : [];
      const sent = rig.call(who, isGrant ? "grantRole" : "revokeRole", [TECHNICIAN_ROLE, account]);
      if (await expected("role", who === ADMIN, sent, events)) technicians[isGrant ? "add" : "delete"](account);
    };
    actions["noteAnchor"] = async (who) => void (await expected("noteAnchor", false, rig.call(who, "noteAnchor", [today() - 1]), []));

    /** What must hold of the contract as it stands, whatever came before. */
    const lookAtAll = async (): Promise<void> => {
      expect(Number(await rig.read("totalSupply"))).toBe(rigs.length);
      const balances = await Promise.all(ACTORS.map((who) => rig.read("balanceOf", [who])));
      expect(balances.reduce<number>((sum, n) => sum + Number(n), 0)).toBe(rigs.length);
      for (const [i, { owner, status }] of rigs.entries()) {
        expect(((await rig.read("ownerOf", [i + 1])) as string).toLowerCase()).toBe(owner);
        const { serialHash, status: there } = (await rig.read("rigOf", [i + 1])) as { serialHash: Hex; status: number };
        expect([there, Number(await rig.read("tokenOfSerial", [serialHash]))]).toEqual([status, i + 1]);
      }
      for (const [day, { root, size, corrections }] of anchors) {
        expect(await log.read("anchorOf", [day])).toMatchObject({ root, treeSize: BigInt(size) });
        expect((await log.read("correctionsOf", [day])) as unknown[]).toHaveLength(corrections);
      }
      for (let day = today() - 40; day <= today(); day++) expect(Number(await rig.read("activeOn", [day]))).toBe(activeOn(day));
      expect([Number(await log.read("lastDay")), anchors.size]).toEqual([
        lastDay,
        lastDay === 0 ? 0 : lastDay - Number(await log.read("firstDay")) + 1,
      ]);
      for (const who of [TECHNICIAN, BEN]) expect(await rig.read("hasRole", [TECHNICIAN_ROLE, who])).toBe(technicians.has(who));
    };

    const names = Object.keys(actions);
    for (let call = 1; call <= CALLS; call++) {
      // Most calls come from whoever may; the others show that nobody else may.
      await actions[oneOf(names)]?.(chance(3) > 0 ? RELAYER : oneOf(ACTORS));
      pass(1 + (chance(12) === 0 ? chance(DAY_S) : 0));
      if (call === Math.floor(CALLS / 3)) await lookAtAll();
    }
    await lookAtAll();
    expect(Object.values(done).reduce((sum, [yes, no]) => sum + yes + no, 0)).toBeGreaterThan(CALLS * 0.95);
    for (const [name, [yes, no]] of Object.entries(done)) {
      if (name !== "noteAnchor") expect([name, yes > CALLS / 1_500]).toEqual([name, true]);
      expect([name, no > CALLS / 1_500]).toEqual([name, true]);
    }
  }, 600_000);
});
