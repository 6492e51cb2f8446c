import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import * as api from "../../server/twin/api.ts";
import { CODES } from "../../server/twin/refusal.ts";
import { pathOf, ROUTES } from "../../server/twin/wire.ts";
import { COOKIE } from "../../server/edge/http/gate.ts";
import { TABLE } from "../../server/edge/http/routes.ts";
import {
  ask,
  bodyOf,
  fileFor,
  farm,
  picture,
  PASSWORD,
  PIXEL,
  post,
  RECORD,
  startHttp,
  stopAll,
  TS,
  type Heard,
  type Started,
} from "./http/farm.ts";

const SOMEWHERE = {
  tokenId: 7,
  day: "2025-11-11",
  order: "WO-1",
  hash: "0".repeat(64),
  id: "none",
  person: 9,
  device: "none",
  channel: "none",
};
const RIG = { rig: "rig-0001" };
const RECORD_WISH = { kind: "cleaning", performedTs: TS, technician: "badge-17", summary: "Dust blown out." };
const DAY = `from=${TS}&to=${TS + 86_400_000}`;

let http: Started;
beforeAll(async () => {
  http = await startHttp();
});
afterAll(stopAll);

const expectProblem = (heard: Heard, code: keyof typeof CODES): { readonly detail: string } => {
  expect(heard.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
  const problem = api.problem.parse(heard.json());
  expect(problem).toMatchObject({ code, status: CODES[code].status, type: `/api/v1/reference#${code}` });
  expect(heard.status).toBe(CODES[code].status);
  return problem;
};

/** A good request of every line of the table; `answered` says how the answer is told to be right. */
const path = (id: string): string => {
  const route = TABLE.find((line) => line.id === id);
  if (route === undefined) throw new Error(`no route ${id}`);
  const query = new URLSearchParams(Object.entries(route.example.query ?? {})).toString();
  return `${pathOf(route.path, { ...route.example.params, ...(route.path.includes(":tokenId") ? { tokenId: 7 } : {}) })}${query === "" ? "" : `?${query}`}`;
};

describe("every route, asked as its example asks", () => {
  // One's own sessions and tokens are asked for by somebody with an account.
  let session: string;
  beforeAll(async () => {
    session = `${COOKIE}=${await http.house.people.login("admin", PASSWORD, null, { address: "", agent: "" })}`;
  });
  test.each(TABLE.filter(({ answer }) => answer !== null).map((route) => [route.id, route] as const))(
    "%s answers what its schema says",
    async (id, route) => {
      const body = bodyOf(http, id, route.example.body);
      const heard = await ask(http.port, path(id), {
        method: route.method.toUpperCase(),
        headers: { cookie: session },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...fileFor(route),
      });
      expect([heard.status, heard.headers["content-type"]]).toEqual([route.status, "application/json; charset=utf-8"]);
      expect(heard.headers["cache-control"]).toBe("no-store");
      const result = route.answer?.safeParse(heard.json());
      expect(result?.error?.issues ?? []).toEqual([]);
    },
  );

  test("metrics are Prometheus text, the reference is a page, login and logout are empty", async () => {
    expect((await ask(http.port, ROUTES.metrics)).headers["content-type"]).toMatch(/^text\/plain/);
    expect((await ask(http.port, ROUTES.reference)).headers["content-type"]).toMatch(/^text\/html/);
    expect((await ask(http.port, ROUTES.login, { method: "DELETE" })).status).toBe(204);
  });

  test("the table names every path of wire.ts and no other", () => {
    expect(new Set(TABLE.map((route) => route.path))).toEqual(new Set(Object.values(ROUTES)));
  });

  test("HEAD is answered like GET, without the body", async () => {
    const heard = await ask(http.port, ROUTES.site, { method: "HEAD" });
    expect([heard.status, heard.text]).toEqual([200, ""]);
  });
});

describe("what the handlers get", () => {
  test("a query is read, defaults filled in, fields split", async () => {
    http.calls.queries.length = 0;
    await ask(http.port, `${pathOf(ROUTES.series, RIG)}?${DAY}&fields=boardC,%20chipC&points=10`);
    await ask(http.port, `${ROUTES.rigs}?search=S19&state=`);
    await ask(http.port, ROUTES.refusals);
    expect(http.calls.queries).toEqual([
      { rig: "rig-0001", from: TS, to: TS + 86_400_000, points: 10, fields: ["boardC", "chipC"] },
      { search: "S19", limit: 1_000, offset: 0 },
      200,
    ]);
  });

  test("a record arrives checked, its text trimmed, its parts defaulted", async () => {
    http.calls.records.length = 0;
    const heard = await post(http.port, pathOf(ROUTES.records, RIG), { ...RECORD_WISH, summary: "  Dust. " });
    expect([heard.status, heard.json()]).toEqual([201, RECORD]);
    expect(http.calls.records).toEqual([{ ...RECORD_WISH, summary: "Dust.", parts: [] }]);
  });

  test("health says no more than its status, and 503 when failing", async () => {
    expect((await ask(http.port, ROUTES.health)).json()).toEqual({ status: "degraded" });
    const failing = await startHttp({
      handlers: { ...farm(), health: () => ({ status: "failing", version: "1", uptimeS: 1, ports: {} }) },
    });
    const heard = await ask(failing.port, ROUTES.health);
    expect([heard.status, heard.json()]).toEqual([503, { status: "failing" }]);
  });
});

describe("wrong requests are told what is wrong", () => {
  const records = pathOf(ROUTES.records, RIG);
  test.each([
    ["no range", `${ROUTES.siteSeries}`, "REQUEST_INVALID", "query.from"],
    ["an empty range bound", `${ROUTES.siteSeries}?from=&to=5`, "REQUEST_INVALID", "query.from"],
    ["a word for a time", `${ROUTES.energy}?from=yesterday&to=5`, "REQUEST_INVALID", "query.from"],
    ["a fraction of a millisecond", `${ROUTES.energy}?from=1.5&to=5`, "REQUEST_INVALID", "query.from"],
    ["the same name twice", `${ROUTES.energy}?from=1&from=2&to=5`, "REQUEST_INVALID", "query.from"],
    ["a reversed range", `${ROUTES.energy}?from=9&to=5`, "RANGE_INVALID", "before"],
    ["an empty range", `${ROUTES.energy}?from=5&to=5`, "RANGE_INVALID", "before"],
    ["a range of years", `${ROUTES.siteSeries}?from=0&to=${TS}`, "RANGE_INVALID", "400 days"],
    ["a negative time", `${ROUTES.siteSeries}?from=-1&to=5`, "RANGE_INVALID", "query.from"],
    ["too many points", `${pathOf(ROUTES.series, RIG)}?${DAY}&points=2001`, "RANGE_INVALID", "query.points"],
    ["no points", `${pathOf(ROUTES.series, RIG)}?${DAY}&points=0`, "RANGE_INVALID", "query.points"],
    ["an unknown field", `${pathOf(ROUTES.series, RIG)}?${DAY}&fields=hashrateThs,__proto__`, "REQUEST_INVALID", "query.fields.1"],
    ["a misspelt parameter", `${ROUTES.rigs}?stat=hashing`, "REQUEST_INVALID", "stat"],
    ["an unknown state", `${ROUTES.rigs}?state=happy`, "REQUEST_INVALID", "query.state"],
    ["too large a page", `${ROUTES.rigs}?limit=10001`, "REQUEST_INVALID", "query.limit"],
    ["a search that is a novel", `${ROUTES.rigs}?search=${"x".repeat(65)}`, "REQUEST_INVALID", "query.search"],
    ["a rig's name with a slash", "/api/v1/rigs/a%2Fb", "REQUEST_INVALID", "path.rig"],
    ["a broken escape", "/api/v1/rigs/%zz", "REQUEST_INVALID", ""],
    ["an unknown rig", "/api/v1/rigs/rig-9", "RIG_UNKNOWN", "rig-9"],
    ["series of an unknown rig", `/api/v1/rigs/rig-9/series?${DAY}`, "RIG_UNKNOWN", "rig-9"],
    ["records of an unknown rig", "/api/v1/rigs/rig-9/records", "RIG_UNKNOWN", "rig-9"],
    ["an unknown token", "/api/v1/twins/8", "TOKEN_UNKNOWN", "8"],
    ["a token that is a word", "/api/v1/twins/first", "REQUEST_INVALID", "path.tokenId"],
    ["a token below 0", "/api/v1/twins/-1", "REQUEST_INVALID", "path.tokenId"],
    ["an unknown alarm state", `${ROUTES.alarms}?state=loud`, "REQUEST_INVALID", "query.state"],
    ["an unknown kind of alarm", `${ROUTES.alarms}?state=all&kind=tired`, "REQUEST_INVALID", "query.kind"],
    ["an unknown severity", `${ROUTES.alarms}?severity=grave`, "REQUEST_INVALID", "query.severity"],
    ["alarms from before 1970", `${ROUTES.alarms}?from=-1`, "RANGE_INVALID", "query.from"],
    ["too large a page of alarms", `${ROUTES.alarms}?limit=10001`, "REQUEST_INVALID", "query.limit"],
    ["no refusals asked for", `${ROUTES.refusals}?limit=0`, "REQUEST_INVALID", "query.limit"],
    ["an unknown path", "/api/v1/nothing", "NOT_FOUND", "/api/v1/nothing"],
    ["another version", "/api/v2/site", "NOT_FOUND", "/api/v2/site"],
    ["the root of the API", "/api", "NOT_FOUND", "/api"],
  ] as const)("GET with %s", async (_what, address, code, detail) => {
    expect(expectProblem(await ask(http.port, address), code).detail).toContain(detail);
  });

  test.each([
    ["a kind of ours", { ...RECORD_WISH, kind: "registration" }, "body.kind"],
    ["no summary", { ...RECORD_WISH, summary: "   " }, "body.summary"],
    ["a control character", { ...RECORD_WISH, summary: "a\u0007b" }, "body.summary"],
    ["a time as text", { ...RECORD_WISH, performedTs: "now" }, "body.performedTs"],
    ["a time that is no whole number", { ...RECORD_WISH, performedTs: 1.5 }, "body.performedTs"],
    ["a part of no kind", { ...RECORD_WISH, parts: [{ part: "flux", index: 0, oldSerial: null, newSerial: null }] }, "body.parts.0.part"],
    [
      "too many parts",
      { ...RECORD_WISH, parts: Array(17).fill({ part: "fan", index: 0, oldSerial: null, newSerial: null }) },
      "body.parts",
    ],
    ["a field that nobody knows", { ...RECORD_WISH, sealedTs: TS }, "sealedTs"],
    ["a list", [], "body"],
    ["null", null, "JSON"],
  ])("POST of a record with %s", async (_what, body, detail) => {
    http.calls.records.length = 0;
    expect(expectProblem(await post(http.port, records, body), "REQUEST_INVALID").detail).toContain(detail);
    expect(http.calls.records).toEqual([]);
  });

  test("malformed JSON is told its place", async () => {
    const heard = await ask(http.port, records, { method: "POST", body: '{"kind": cleaning}' });
    expect(expectProblem(heard, "REQUEST_INVALID").detail).toMatch(/JSON.*position|Unexpected token/);
  });

  test.each([
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["plain text, which a page of a stranger may send unasked", { "content-type": "text/plain" }],
    ["a packed body", { "content-encoding": "gzip" }],
    ["another alphabet", { "content-type": "application/json; charset=latin-klingon" }],
  ])("POST as %s", async (_what, headers) => {
    expectProblem(await post(http.port, records, RECORD_WISH, { headers }), "REQUEST_INVALID");
  });

  test("a body above 100 kB is refused and one below is read", async () => {
    expectProblem(await post(http.port, records, { ...RECORD_WISH, summary: "x".repeat(100_001) }), "PAYLOAD_TOO_LARGE");
    expectProblem(await post(http.port, records, { ...RECORD_WISH, summary: "x".repeat(90_000) }), "REQUEST_INVALID");
  });

  test("__proto__ in a body is an unknown field, and nothing inherits from it", async () => {
    const heard = await ask(http.port, records, {
      method: "POST",
      body: `{"__proto__":{"polluted":1},${JSON.stringify(RECORD_WISH).slice(1)}`,
    });
    expectProblem(heard, "REQUEST_INVALID");
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test.each(TABLE.map(({ path: address }) => [address]))("a method that %s does not take, is told which it does", async (address) => {
    const taken = TABLE.filter((route) => route.path === address).map((route) => route.method.toUpperCase());
    for (const method of ["PUT", "PATCH", "OPTIONS"].filter((other) => !taken.includes(other))) {
      const heard = await ask(http.port, pathOf(address, { ...RIG, ...SOMEWHERE }), { method });
      expectProblem(heard, "METHOD_NOT_ALLOWED");
      expect(String(heard.headers["allow"]).split(", ")).toEqual(expect.arrayContaining(taken));
    }
  });
});

describe("pictures", () => {
  const photos = `${pathOf(ROUTES.orderPhotos, { order: "WO-1" })}?by=badge-17`;
  test("are taken as they are and given as what their bytes are, for good", async () => {
    expect((await ask(http.port, photos, picture(PIXEL, "image/jpeg"))).status).toBe(201);
    const heard = await ask(http.port, pathOf(ROUTES.photo, { hash: "0".repeat(64) }));
    expect([heard.status, heard.headers["content-type"], heard.headers["cache-control"]]).toEqual([
      200,
      "image/png",
      "private, max-age=31536000, immutable",
    ]);
    expect(heard.headers["x-content-type-options"]).toBe("nosniff");
    expect(heard.bytes.equals(PIXEL)).toBe(true);
  });
  test.each([
    ["a picture that is none", picture(Buffer.from("<svg onload=alert(1)>")), "IMAGE_INVALID"],
    ["nothing", picture(Buffer.alloc(0)), "IMAGE_INVALID"],
    ["another kind of file", picture(PIXEL, "image/svg+xml"), "REQUEST_INVALID"],
    ["a form, which a page of a stranger may send unasked", picture(PIXEL, "multipart/form-data; boundary=x"), "REQUEST_INVALID"],
    ["more than 8 MB", picture(Buffer.alloc(8_000_001)), "PAYLOAD_TOO_LARGE"],
    ["a packed one", { ...picture(PIXEL), headers: { "content-type": "image/png", "content-encoding": "gzip" } }, "REQUEST_INVALID"],
  ] as const)("%s is refused", async (_what, wish, code) => {
    expectProblem(await ask(http.port, photos, wish), code);
  });
});

describe("faults", () => {
  test("an error of our own says nothing of itself, and is logged under the id that the caller is told", async () => {
    const broken = await startHttp({
      handlers: {
        ...farm(),
        site: () => {
          throw new Error("secret/path/of/ours");
        },
        status: () => Promise.reject(new TypeError("another secret")),
      },
    });
    for (const [route, message] of [
      [ROUTES.site, "secret/path/of/ours"],
      [ROUTES.status, "another secret"],
    ] as const) {
      const heard = await ask(broken.port, route);
      const { detail } = expectProblem(heard, "INTERNAL");
      expect(heard.text).not.toContain("secret");
      const fault = broken.faults.find(({ id }) => detail.includes(id));
      expect(fault).toMatchObject({ method: "GET", path: route, error: expect.objectContaining({ message }) });
    }
  });

  test("what can be tried again says when", async () => {
    const { Refused } = await import("../../server/twin/refusal.ts");
    const away = await startHttp({
      handlers: { ...farm(), siteSeries: () => Promise.reject(new Refused("STORE_UNAVAILABLE", "InfluxDB is away.")) },
    });
    const heard = await ask(away.port, `${ROUTES.siteSeries}?${DAY}`);
    expectProblem(heard, "STORE_UNAVAILABLE");
    expect(Number(heard.headers["retry-after"])).toBeGreaterThan(0);
    expect(away.faults).toEqual([]);
  });
});
