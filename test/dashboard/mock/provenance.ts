/** The mock's public side: a twin with sealed days, and nodes of its chain that answer as the contract would. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Express, Response } from "express";
import { decodeFunctionData, encodeErrorResult, encodeFunctionResult, type Hex } from "viem";
import { rigTwinAbi, telemetryLogAbi } from "../../../server/contracts/abi.generated.ts";
import type { ChainInfo } from "../../../server/twin/api.ts";
import type { Bundle, SignedPart } from "../../../server/twin/bundle.ts";
import { DAY_MS } from "../../../server/twin/days.ts";
import { dayOf, type DigestRow } from "../../../server/twin/digest.ts";
import { publicTwin } from "../../../server/twin/public-view.ts";
import { RECORD_KINDS, type TwinRecord } from "../../../server/twin/record.ts";
import type { Code } from "../../../server/twin/refusal.ts";
import { machineHash } from "../../../server/twin/seal.ts";
import type { Twin } from "../../../server/twin/twin.ts";
import { ROUTES } from "../../../server/twin/wire.ts";
import { ACTIVE, mockDay, type MockDay } from "./days.ts";
import { GATEWAY_KEY, signedPartOf } from "./signed.ts";

export const TOKEN = 24;
export const OWNER = "0x9a2c4f6e8b0d1f3a5c7e9b1d3f5a7c9e0b2d4f61";
const CONTRACT = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
const LOG = "0x75537828f2ce51be7289709686a69cbfdbb714f1";

export interface ProvenanceOptions {
  readonly days: number;
  /** The newest so many are not on the chain yet. */
  readonly unanchored?: number;
  /** A gateway signed the newest so many. */
  readonly signed?: number;
  /** False: as if on Base. */
  readonly local?: boolean;
}
/** What the farm does to what it gives. */
export interface Levers {
  /** Changes one figure of a row, nothing else. */
  changedRow: boolean;
  /** Leaves a row out. */
  droppedRow: boolean;
  /** Leaves a day out of the evidence. */
  droppedDay: boolean;
  /** Makes the newest day look better, with leaf, tree, proof and manifest made anew to fit. */
  forged: boolean;
  /** Changes one line that a gateway signed. */
  changedLine: boolean;
  /** Shows better figures than the evidence gives. */
  boasted: boolean;
  owner: string;
  failing: boolean;
}
export interface NodeLevers {
  chainId: number;
  hasContract: boolean;
  /** What the contract lists for the gateway. */
  gatewayKey: Hex;
  /** Milliseconds before each answer. */
  slowMs: number;
  asked: number;
}
export interface Provenance {
  readonly levers: Levers;
  /** A node of the reader's own, on a port of its own. */
  readonly openNode: () => Promise<{ readonly url: string; readonly levers: NodeLevers; readonly close: () => Promise<void> }>;
  readonly bundle: (from: number, to: number) => Bundle;
  readonly close: () => Promise<void>;
}
type Answering = Pick<NodeLevers, "chainId" | "hasContract" | "gatewayKey">;
interface Needs {
  readonly now: () => number;
  readonly twin: () => Twin;
  readonly records: () => readonly TwinRecord[];
  readonly refuse: (response: Response, code: Code, detail?: string) => void;
}

/** Days do not change: they are made once for all visits of a run. */
const made = new Map<string, MockDay>();

/** Better than it was, as somebody would who wants to be believed. */
const better = (rows: readonly DigestRow[]): DigestRow[] =>
  rows.map((row) => ({
    ...row,
    hashrateGhs: row.hashrateGhs === null ? null : row.hashrateGhs + 1_000,
    deliveredGh: row.hashrateGhs === null ? 0 : (row.hashrateGhs + 1_000) * 300,
  }));

export const mountProvenance = (app: Express, options: ProvenanceOptions, needs: Needs): Provenance => {
  const { days, unanchored = 0, signed = 0, local = true } = options;
  const chainId = local ? 31_337 : 8_453;
  const levers: Levers = {
    changedRow: false,
    droppedRow: false,
    droppedDay: false,
    forged: false,
    changedLine: false,
    boasted: false,
    owner: OWNER,
    failing: false,
  };
  const nodes = new Set<Server>();
  const last = dayOf(needs.now()) - 1;
  const first = last - days + 1;
  const chain: ChainInfo = {
    chainId,
    contract: CONTRACT,
    genesis: `0x${"9c".repeat(32)}`,
    local,
    blockNumber: 21_400_318,
    finalDepth: 1,
    away: false,
  };
  const place = () => ({
    where: { chainId, contract: CONTRACT as Hex },
    site: needs.twin().site,
    rig: needs.twin().rig,
    tokenId: TOKEN,
    works: needs.records().map(({ body }) => body),
  });
  const dayAt = (day: number): MockDay => {
    const key = `${chainId} ${day} ${last} ${unanchored} ${signed}`;
    let kept = made.get(key);
    if (kept === undefined) {
      kept = mockDay(place(), day, last - day, last - day >= unanchored, null, last - day < signed);
      made.set(key, kept);
    }
    return kept;
  };
  const between = (from: number, to: number): number[] => {
    const [least, most] = [Math.max(first, dayOf(from)), Math.min(last, dayOf(to - 1))];
    return Array.from({ length: Math.max(0, most - least + 1) }, (_, i) => least + i);
  };
  const middle = last - Math.floor(days / 2);

  const provenAt = (day: number): MockDay => {
    const honest = dayAt(day);
    if (levers.forged && day === last) return mockDay(place(), day, 0, true, better(honest.proven.rows));
    const { rows } = honest.proven;
    if (levers.changedRow && day === middle)
      return { ...honest, proven: { ...honest.proven, rows: rows.map((row, i) => (i === 150 ? { ...row, boardMaxDc: 555 } : row)) } };
    if (levers.droppedRow && day === middle) return { ...honest, proven: { ...honest.proven, rows: rows.filter((_, i) => i !== 150) } };
    return honest;
  };
  const signedAt = (day: number): SignedPart | null => {
    if (last - day >= signed) return null;
    const part = signedPartOf(day, needs.twin().rig, dayAt(day).proven.rows);
    const [hit] = part.lines;
    if (levers.changedLine && hit !== undefined) hit[3] = hit[3].replace(/,[0-9]+]$/, ",999]");
    return part;
  };
  const bundle = (from: number, to: number): Bundle => {
    const twin = publicTwin(needs.twin());
    return {
      context: "rigtwin/bundle/v1",
      madeTs: needs.now(),
      site: twin.site,
      rig: twin.rig,
      tokenId: TOKEN,
      chain: { chainId, genesis: chain.genesis, contract: CONTRACT, local },
      identity: { ...twin.identity, boardSerials: [...twin.identity.boardSerials] },
      records: needs.records().map(({ hash, bytes }) => ({ hash, bytes, signature: null })),
      days: between(from, to)
        .filter((day) => !(levers.droppedDay && day === middle))
        .map((day) => provenAt(day).proven),
      ...(signed === 0 ? {} : { signed: between(from, to).flatMap((day) => signedAt(day) ?? []) }),
    };
  };

  const known = (token: string, response: Response): boolean => {
    if (levers.failing) needs.refuse(response, "STORE_UNAVAILABLE");
    else if (Number(token) !== TOKEN) needs.refuse(response, "TOKEN_UNKNOWN", `There is no token ${token}.`);
    else return true;
    return false;
  };
  app.get(ROUTES.chain, (_, response) => void response.json(chain));
  app.get(ROUTES.twin, ({ params }, response) => {
    if (known(String(params["tokenId"]), response))
      response.json({
        tokenId: TOKEN,
        owner: levers.owner,
        tokenUri: null,
        chain,
        twin: publicTwin(needs.twin()),
        records: needs.records(),
        partChanges: [],
        substitution: { by: null, of: [] },
      });
  });
  app.get(ROUTES.days, ({ params, query }, response) => {
    if (!known(String(params["tokenId"]), response)) return;
    const lines = between(Number(query["from"]), Number(query["to"])).map((day) => provenAt(day).line);
    const shown = levers.boasted
      ? lines.map((line, i) =>
          i === lines.length - 1 ? { ...line, totals: { ...line.totals, deliveredThH: line.totals.deliveredThH * 1.05 } } : line,
        )
      : lines;
    response.json({ tokenId: TOKEN, rig: needs.twin().rig, days: shown });
  });
  app.get(ROUTES.bundle, ({ params, query }, response) => {
    if (known(String(params["tokenId"]), response)) response.json(bundle(Number(query["from"]), Number(query["to"])));
  });

  app.get(ROUTES.signed, ({ params }, response) => {
    if (!known(String(params["tokenId"]), response)) return;
    const part = signedAt(dayOf(Date.parse(String(params["day"]))));
    if (part === null) needs.refuse(response, "NOT_FOUND", "Nothing was signed on that day.");
    else response.json({ ...part, next: null });
  });

  const twinCall = (data: Hex, gatewayKey: Hex): Hex => {
    const asked = decodeFunctionData({ abi: rigTwinAbi, data });
    switch (asked.functionName) {
      case "gatewayKeyAt":
        return encodeFunctionResult({ abi: rigTwinAbi, functionName: "gatewayKeyAt", result: gatewayKey });
      case "wasTechnician":
        return encodeFunctionResult({ abi: rigTwinAbi, functionName: "wasTechnician", result: false });
      case "telemetryLog":
        return encodeFunctionResult({ abi: rigTwinAbi, functionName: "telemetryLog", result: LOG });
      case "activeOn":
        return encodeFunctionResult({ abi: rigTwinAbi, functionName: "activeOn", result: BigInt(ACTIVE) });
      case "ownerOf":
        return encodeFunctionResult({ abi: rigTwinAbi, functionName: "ownerOf", result: OWNER });
      case "maintenanceOf": {
        const record = needs.records().find(({ hash }) => hash === asked.args[0]);
        const result =
          record === undefined ? ([0n, 0n, 0n, 0] as const) : ([BigInt(TOKEN), 100n, 1n, RECORD_KINDS.indexOf(record.body.kind)] as const);
        return encodeFunctionResult({ abi: rigTwinAbi, functionName: "maintenanceOf", result });
      }
      case "rigOf": {
        if (Number(asked.args[0]) !== TOKEN)
          throw Object.assign(new Error("execution reverted"), {
            data: encodeErrorResult({ abi: rigTwinAbi, errorName: "ERC721NonexistentToken", args: [asked.args[0]] }),
          });
        const { site, rig, identity } = needs.twin();
        const result = {
          serialHash: machineHash(site, rig, identity).hash,
          registeredAt: 1,
          commissionedAt: 1,
          endedAt: 0,
          lastServiceAt: 0,
          modelId: 0,
          maintenanceCount: needs.records().length - 1,
          status: 1,
        };
        return encodeFunctionResult({ abi: rigTwinAbi, functionName: "rigOf", result });
      }
      default:
        throw new Error(`the mock has no ${asked.functionName}`);
    }
  };
  const logCall = (data: Hex): Hex => {
    const asked = decodeFunctionData({ abi: telemetryLogAbi, data });
    const has = (day: number): boolean => day >= first && day <= last - unanchored;
    if (asked.functionName === "lastDay")
      return encodeFunctionResult({ abi: telemetryLogAbi, functionName: "lastDay", result: last - unanchored });
    const day = Number((asked.args ?? [0n])[0]);
    const zero = `0x${"00".repeat(32)}` as const;
    if (asked.functionName === "anchorOf") {
      const { root, manifestHash, readings } = has(day) ? dayAt(day).anchor : { root: zero, manifestHash: zero, readings: 0 };
      const result = {
        root,
        manifestHash,
        treeSize: BigInt(has(day) ? ACTIVE : 0),
        readings: BigInt(readings),
        anchoredAt: BigInt(has(day) ? (day + 1) * 86_400 + 960 : 0),
      };
      return encodeFunctionResult({ abi: telemetryLogAbi, functionName: "anchorOf", result });
    }
    if (asked.functionName === "correctionsOf") {
      const result = has(day) ? dayAt(day).corrections.map((each) => ({ ...each, readings: BigInt(each.readings), correctedAt: 1n })) : [];
      return encodeFunctionResult({ abi: telemetryLogAbi, functionName: "correctionsOf", result });
    }
    throw new Error(`the mock has no ${asked.functionName}`);
  };

  interface Asked {
    readonly id: number;
    readonly method: string;
    readonly params: readonly [{ readonly to?: string; readonly data?: Hex }?, unknown?];
  }
  const answerOne = ({ id, method, params }: Asked, node: Answering): unknown => {
    const result = (value: unknown) => ({ jsonrpc: "2.0", id, result: value });
    if (method === "eth_chainId") return result(`0x${node.chainId.toString(16)}`);
    if (method === "eth_getBlockByNumber")
      return result({
        number: "0x1468a7e",
        hash: `0x${"b7".repeat(32)}`,
        timestamp: `0x${Math.floor(needs.now() / 1_000 - 780).toString(16)}`,
      });
    if (method === "eth_getCode") return result(node.hasContract ? "0x60806040" : "0x");
    const [call] = params;
    if (method !== "eth_call" || call?.data === undefined)
      return { jsonrpc: "2.0", id, error: { code: -32601, message: `The method ${method} is not answered here.` } };
    try {
      return result(!node.hasContract ? "0x" : call.to?.toLowerCase() === LOG ? logCall(call.data) : twinCall(call.data, node.gatewayKey));
    } catch (error) {
      return { jsonrpc: "2.0", id, error: { code: 3, message: (error as Error).message, data: (error as { data?: Hex }).data } };
    }
  };
  const answer = (body: Asked | readonly Asked[], node: Answering): unknown =>
    Array.isArray(body) ? (body as readonly Asked[]).map((each) => answerOne(each, node)) : answerOne(body as Asked, node);
  app.post(ROUTES.rpc, (request, response, next) => {
    // What the check of a rig's records asks, of whatever rig, is answered out of all books.
    const { to, data } = (request.body as Partial<Asked>).params?.[0] ?? {};
    if (
      to === CONTRACT &&
      data !== undefined &&
      ["maintenanceOf", "rigOf"].includes(decodeFunctionData({ abi: rigTwinAbi, data }).functionName)
    )
      return next();
    response.json(answer(request.body as Asked, { chainId, hasContract: true, gatewayKey: GATEWAY_KEY }));
  });

  return {
    levers,
    bundle,
    async openNode() {
      const node: NodeLevers = { chainId, hasContract: true, gatewayKey: GATEWAY_KEY, slowMs: 0, asked: 0 };
      const server = createServer((request, response) => {
        const pieces: Buffer[] = [];
        request.on("data", (piece: Buffer) => pieces.push(piece));
        request.on("end", () => {
          const headers = {
            "access-control-allow-origin": "*",
            "access-control-allow-headers": "content-type",
            "content-type": "application/json",
          };
          if (request.method === "OPTIONS") return void response.writeHead(204, headers).end();
          const body = JSON.parse(Buffer.concat(pieces).toString()) as Asked | Asked[];
          node.asked += Array.isArray(body) ? body.length : 1;
          setTimeout(() => response.writeHead(200, headers).end(JSON.stringify(answer(body, node))), node.slowMs);
        });
      });
      nodes.add(server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        levers: node,
        close: () =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      };
    },
    async close() {
      for (const server of nodes) {
        server.closeAllConnections();
        await new Promise<void>((resolve) => (server.listening ? server.close(() => resolve()) : resolve()));
      }
    },
  };
};
export const spanOf = (days: number, now: number): { readonly from: number; readonly to: number } => ({
  from: (dayOf(now) - days) * DAY_MS,
  to: dayOf(now) * DAY_MS,
});
