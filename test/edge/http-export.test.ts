import { connect } from "node:net";
import { afterAll, describe, expect, test } from "@jest/globals";
import type { QuestionsNeeds } from "../../server/flows/questions.ts";
import type { HttpOptions } from "../../server/edge/http/http.ts";
import { Refused } from "../../server/twin/refusal.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { until } from "../servers/until.ts";
import { ask, farm, questionsOf, SLOTS, startHttp, stopAll, TWIN } from "./http/farm.ts";

const FROM = 1_762_819_200_000;
const HOUR = 3_600_000;
const path = (more: string, hours = 1): string => `${ROUTES.export}?from=${FROM}&to=${FROM + hours * HOUR}&${more}`;
afterAll(stopAll);

const served = async (store: Partial<QuestionsNeeds["store"]>, timeouts: HttpOptions["timeouts"] = {}) => {
  const questions = questionsOf({ ...SLOTS, ...store });
  return startHttp({ handlers: { ...farm(), questions }, timeouts });
};

/** A store that thinks about a Parquet file for so long, unless it is told to stop. */
const slow = (thinkMs: number) => {
  const state = { begun: 0, stopped: 0 };
  const store: Partial<QuestionsNeeds["store"]> = {
    async *parquet(_query, signal) {
      state.begun += 1;
      try {
        await new Promise<void>((done, fail) => {
          const timer = setTimeout(done, thinkMs);
          signal.addEventListener("abort", () => {
            clearTimeout(timer);
            fail(signal.reason as Error);
          });
        });
      } catch (cause) {
        state.stopped += 1;
        throw cause;
      }
      yield Buffer.from("PAR1");
    },
  };
  return { state, store };
};

/** A store with a row a millisecond, for ever; it notes how many rows were asked for. */
const endless = () => {
  const state = { rows: 0, asked: 0 };
  const store: Partial<QuestionsNeeds["store"]> = {
    count: ({ from, to }) => Promise.resolve(to - from),
    rows: ({ from, to, fields }) => {
      state.rows += to - from;
      state.asked += 1;
      const ts = Array.from({ length: to - from }, (_, i) => from + i);
      return Promise.resolve({ ts, rig: ts.map(() => TWIN.rig), values: ts.flatMap((at) => fields.map(() => at)) });
    },
  };
  return { state, store };
};

/** Asks and reads nothing more than it is told to. */
const slowReader = (port: number, address: string) => {
  const socket = connect(port, "127.0.0.1");
  let bytes = 0;
  let isFast = false;
  socket.on("error", () => undefined);
  socket.on("data", (piece) => {
    bytes += piece.length;
    if (!isFast) socket.pause();
  });
  socket.write(`GET ${address} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  const hurry = (): void => {
    isFast = true;
    socket.resume();
  };
  return { socket, bytes: () => bytes, hurry };
};

describe("the export", () => {
  test("is CSV with a head, or a JSON object a line, with a name to save it under", async () => {
    const { port } = await served({});
    const csv = await ask(port, path("fields=hashrateThs,powerW"));
    expect([csv.status, csv.headers["content-type"], csv.headers["content-disposition"]]).toEqual([
      200,
      "text/csv; charset=utf-8",
      `attachment; filename="rigtwin-farm-raw-${FROM}-${FROM + HOUR}.csv"`,
    ]);
    expect(csv.text).toBe(`ts,rig,hashrateThs,powerW\r\n${[0, 1, 2].map((i) => `${FROM + i * 60_000},rig-0001,${i},\r\n`).join("")}`);
    const json = await ask(port, path("fields=hashrateThs&format=ndjson&rigs=rig-0001"));
    expect(json.headers["content-type"]).toBe("application/x-ndjson; charset=utf-8");
    expect(
      json.text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown)[2],
    ).toMatchObject({ ts: FROM + 120_000, rig: "rig-0001" });
    const none = await ask(port, `${ROUTES.export}?from=5&to=6&fields=powerW`);
    expect([none.status, none.text]).toEqual([200, "ts,rig,powerW\r\n"]);
  });

  test.each([
    ["a format the store cannot", path("format=parquet"), "FORMAT_UNSUPPORTED"],
    ["a format of nobody", path("format=xls"), "REQUEST_INVALID"],
    ["a rig that nobody knows", path("rigs=rig-0001,rig-9"), "RIG_UNKNOWN"],
    ["a rig that is more than a name", path(`rigs=${encodeURIComponent("x' OR 1=1")}`), "REQUEST_INVALID"],
    ["too many rigs", path(`rigs=${Array.from({ length: 201 }, (_, i) => `r${i}`).join(",")}`), "REQUEST_INVALID"],
    ["a tier of nobody", path("tier=5m"), "REQUEST_INVALID"],
    ["a range of years", `${ROUTES.export}?from=0&to=${FROM}`, "RANGE_INVALID"],
    ["no range", ROUTES.export, "REQUEST_INVALID"],
  ])("refuses %s", async (_what, address, code) => {
    const { port } = await served({});
    expect((await ask(port, address)).json()).toMatchObject({ code });
  });

  test("a fault before the first rows is a problem, one after them cuts the connection", async () => {
    const away = (): Promise<never> => Promise.reject(new Refused("STORE_UNAVAILABLE", "The store is away."));
    const first = await served({ count: away });
    for (const format of ["csv", "ndjson"]) {
      const heard = await ask(first.port, path(`format=${format}`));
      expect([heard.status, heard.json()]).toEqual([503, expect.objectContaining({ code: "STORE_UNAVAILABLE" })]);
    }
    const { store } = endless();
    let pages = 0;
    const later = await served({ ...store, rows: (query) => (++pages < 4 ? (store.rows?.(query) ?? away()) : away()) });
    await expect(ask(later.port, path("fields=powerW"))).rejects.toThrow();
    expect(later.faults).toHaveLength(1);
  });

  test("a reader that does not read holds the store back; when it hangs up the query ends", async () => {
    const { state, store } = endless();
    const { port, faults } = await served(store);
    const reader = slowReader(port, path("", 9_000));
    await until(() => reader.bytes() > 0, "the first bytes came");
    // Until the buffers of both ends are full nothing can be said; then two looks in a row are the same.
    let before = -1;
    await until(async () => {
      const same = state.asked === before;
      before = state.asked;
      await new Promise((done) => setTimeout(done, 300));
      return same && state.asked === before;
    }, "the export waits for its reader");
    expect(state.rows).toBeLessThan(200_000);
    reader.hurry();
    await until(() => state.asked > before, "it goes on when the reader does");
    reader.socket.destroy();
    await until(async () => {
      const seen = state.asked;
      await new Promise((done) => setTimeout(done, 300));
      return state.asked === seen;
    }, "nothing is asked for any more");
    expect(faults).toEqual([]);
  });

  test("four at once; a fifth is told to wait, until one is done", async () => {
    const { state, store } = endless();
    const { port } = await served(store);
    const readers = Array.from({ length: 4 }, () => slowReader(port, path("", 9_000)));
    await until(() => readers.every((reader) => reader.bytes() > 0), "four are running");
    expect((await ask(port, path(""))).json()).toMatchObject({ code: "TOO_MANY_REQUESTS" });
    for (const { socket } of readers) socket.destroy();
    await until(async () => (await ask(port, `${ROUTES.export}?from=${FROM}&to=${FROM + 10}`)).status === 200, "one is free");
    expect(state.rows).toBeGreaterThan(0);
  });

  test("a file that takes longer to begin than a line may be idle arrives; from then on it may be idle no longer than any", async () => {
    const { port, edge, faults } = await served({ ...endless().store, ...slow(1_000).store }, { idleMs: 250 });
    const file = await ask(port, path("format=parquet"));
    expect([file.status, file.text]).toEqual([200, "PAR1"]);
    const reader = slowReader(port, path("", 9_000));
    await until(() => reader.bytes() > 0, "the first bytes came");
    const open = (): Promise<number> => new Promise((done) => edge.server.getConnections((_error, count) => done(count)));
    await until(async () => (await open()) === 0, "who reads no more is hung up on");
    reader.socket.destroy();
    expect(faults).toEqual([]);
  });

  test("one that never begins is given up, its query too, and the caller is told to ask for less", async () => {
    const { state, store } = slow(60_000);
    const { port } = await served(store, { idleMs: 250, beginMs: 600 });
    const heard = await ask(port, path("format=parquet"));
    expect([heard.status, heard.json()]).toEqual([400, expect.objectContaining({ code: "RANGE_INVALID" })]);
    await until(() => state.stopped === 1, "the query is ended");
  });

  test("whoever hangs up before it begins ends the query, and that is no fault", async () => {
    const { state, store } = slow(60_000);
    const { port, faults } = await served(store);
    const reader = slowReader(port, path("format=parquet"));
    await until(() => state.begun === 1, "the query runs");
    reader.socket.destroy();
    await until(() => state.stopped === 1, "the query is ended");
    expect((await ask(port, path(""))).status).toBe(200);
    expect(faults).toEqual([]);
  });

  test("who asks for its head only is answered at once, and the store is not asked", async () => {
    const { state, store } = endless();
    const { port } = await served(store);
    const head = await ask(port, path("fields=powerW", 9_000), { method: "HEAD" });
    expect([head.status, head.headers["content-type"], head.headers["content-disposition"]]).toEqual([
      200,
      "text/csv; charset=utf-8",
      `attachment; filename="rigtwin-farm-raw-${FROM}-${FROM + 9_000 * HOUR}.csv"`,
    ]);
    expect([head.text, state.asked]).toEqual(["", 0]);
    expect((await ask(port, path("rigs=rig-9"), { method: "HEAD" })).status).toBe(404);
  });
});

describe("questions about many days", () => {
  /** Days without end, each when it is let through. */
  const long = () => {
    const state = { running: 0, parts: 0 };
    const store: Partial<QuestionsNeeds["store"]> = {
      async *slots(query) {
        state.running += 1;
        try {
          for (;;) {
            await new Promise((done) => setTimeout(done, 5));
            state.parts += 1;
            yield* SLOTS.slots(query);
          }
        } finally {
          state.running -= 1;
        }
      },
    };
    return { state, store };
  };
  const span = `from=${FROM}&to=${FROM + 31 * 24 * HOUR}`;

  test.each([[ROUTES.stopped], [ROUTES.uptime], [ROUTES.performance], [ROUTES.activity]])(
    "%s ends when its caller hangs up",
    async (route) => {
      const { state, store } = long();
      const { port, faults } = await served(store);
      const reader = slowReader(port, `${route}?${span}`);
      await until(() => state.parts > 2, "it is under way");
      reader.socket.destroy();
      await until(() => state.running === 0, "it has ended");
      expect(faults).toEqual([]);
    },
  );

  test("two at once; the others wait for their turn, and one that comes when many wait is told so", async () => {
    const { state, store } = long();
    const { port, edge } = await served(store);
    let heard = 0;
    edge.server.on("request", () => (heard += 1));
    const readers = Array.from({ length: 18 }, () => slowReader(port, `${ROUTES.activity}?${span}`));
    await until(() => heard === 18, "all have asked");
    expect((await ask(port, `${ROUTES.uptime}?${span}`)).code()).toBe("TOO_MANY_REQUESTS");
    expect(state.running).toBe(2);
    for (const { socket } of readers) socket.destroy();
    await until(() => state.running === 0, "all have ended");
  });
});
