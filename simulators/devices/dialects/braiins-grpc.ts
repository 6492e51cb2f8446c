/** Braiins OS on gRPC, port 50051 (`braiins.bos.v1` of its public API): what a client reads of a machine. Fields by their numbers. */
import type { NativeMeasured } from "../../plant/native.ts";
import { bytesField, intField } from "../../../server/twin/dialects/protobuf.ts";
import type { Device, GrpcAnswer } from "../device.ts";

type Fields = readonly (readonly number[])[];
const text = (number: number, value: string | null): number[] => (value === null ? [] : bytesField(number, value));
const int = (number: number, value: number | boolean): number[] => intField(number, BigInt(value));
const message = (number: number, ...fields: Fields): number[] => bytesField(number, fields.flat());
const real = (number: number, value: number): number[] => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return [(number << 3) | 1, ...bytes];
};
const unlessNull = (value: number | null, field: (value: number) => number[]): number[] => (value === null ? [] : field(value));

const gigahash = (number: number, ths: number): number[] => message(number, real(1, ths * 1e3));
const degrees = (number: number, value: number | null): number[] => unlessNull(value, (c) => message(number, real(1, c)));
const sensor = (number: number, value: number | null): number[] =>
  unlessNull(value, (c) => message(number, int(2, 1), message(3, real(1, c))));

/** Rates of ten spans: the first five are of this moment. */
const solver = (number: number, now: number, average: number, nominal: number): number[] =>
  message(
    number,
    message(1, ...Array.from({ length: 10 }, (_, i) => gigahash(i + 1, i < 5 ? now : average))),
    gigahash(2, nominal),
    int(4, 0),
    int(5, 776_342_690),
  );
const shares = (number: number, accepted: number | null, rejected: number | null, stale: number | null): number[] =>
  message(number, int(1, accepted ?? 0), int(2, rejected ?? 0), int(3, stale ?? 0));

const STATUS = { mining: 2, tuning: 2, paused: 3, fault: 5, unknown: 1 } as const;

const details = ({ plan: { identity, nameplate, rig } }: Device, m: NativeMeasured): Fields => [
  text(1, rig),
  message(2, int(1, 1), text(3, identity.model), text(4, identity.model)),
  message(5, text(1, "2025-08-06-0-3881c51d-25.07-plus"), int(3, true)),
  text(6, identity.hostname),
  text(7, (identity.mac ?? "").toLowerCase()),
  int(8, m.uptimeS),
  gigahash(9, nameplate.hashrateThs),
  int(10, m.uptimeS),
  int(11, m.uptimeS),
  int(12, STATUS[m.mode]),
  message(14, text(3, identity.psuSerial)),
  text(16, identity.serial),
];

const hashboards = (m: NativeMeasured): Fields =>
  m.boards.map((board) =>
    message(
      1,
      text(1, String(board.index + 1)),
      int(2, true),
      message(3, int(1, board.chips)),
      unlessNull(board.voltageV, (volt) => message(4, real(1, volt))),
      unlessNull(board.frequencyMhz, (mhz) => message(5, real(1, mhz * 1e6))),
      sensor(6, board.chipC),
      degrees(7, board.boardC),
      solver(8, board.hashrateThs, board.hashrateThs, board.expectedThs),
      degrees(10, board.inletC),
      degrees(11, board.outletC),
      text(12, board.serial),
    ),
  );

/** Answers `/braiins.bos.v1.Service/Method`; null: there is no such method. `token` is what a login gives. */
export const braiinsGrpc = (path: string, authorization: string, token: string, device: Device, m: NativeMeasured): GrpcAnswer | null => {
  const method = /^\/braiins\.bos\.v1\.\w+\/(\w+)$/.exec(path)?.[1];
  if (method === "Login") return { metadata: { authorization: token }, fields: [text(1, token), int(2, 3_600)].flat() };
  const answers: Readonly<Record<string, () => Fields>> = {
    GetMinerDetails: () => details(device, m),
    GetHashboards: () => hashboards(m),
    GetMinerStats: () => [
      shares(1, m.accepted, m.rejected, m.stale),
      solver(2, m.hashrateThs, m.averageThs, m.expectedThs),
      message(3, message(1, int(1, Math.round(m.powerW))), message(2, real(1, m.hashrateThs > 0 ? m.powerW / m.hashrateThs : 0))),
    ],
    GetCoolingState: () => [
      ...m.fans.map((fan) => message(1, int(1, fan.index), int(2, fan.rpm ?? 0), real(3, m.fanPct / 100))),
      sensor(2, m.chipC),
    ],
    GetPoolGroups: () => [
      message(
        1,
        text(1, "Default"),
        message(2, int(1, 1)),
        ...m.pools.map((pool) =>
          message(
            4,
            text(1, `pool-${pool.index}`),
            text(2, pool.url),
            text(3, pool.worker),
            int(4, true),
            int(5, pool.alive !== false),
            int(6, pool.active),
            shares(7, pool.accepted, pool.rejected, pool.stale),
          ),
        ),
      ),
    ],
    GetMinerConfiguration: () => [],
    GetLocateDeviceStatus: () => [int(1, device.orders.locating)],
    GetActivePerformanceMode: () => [message(2, message(1, message(1, int(1, device.orders.powerLimitW ?? 3_500))))],
  };
  const answer = method === undefined ? undefined : answers[method];
  if (answer === undefined) return null;
  return authorization === token ? { fields: answer().flat() } : { status: 16, fields: [] };
};
