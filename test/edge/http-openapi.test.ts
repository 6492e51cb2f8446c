import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { CODES } from "../../server/twin/refusal.ts";
import { pathOf, ROUTES } from "../../server/twin/wire.ts";
import { COOKIE } from "../../server/edge/http/gate.ts";
import { TABLE } from "../../server/edge/http/routes.ts";
import type { Document, Operation, Schema } from "../../server/edge/http/openapi.ts";
import { ALARM, ask, bodyOf, fileFor, PASSWORD, startHttp, stopAll, type Started } from "./http/farm.ts";

let http: Started;
let document: Document;
let page: string;
/** Of somebody with an account: one's own sessions and tokens belong to one. */
let session: string;
beforeAll(async () => {
  http = await startHttp();
  session = `${COOKIE}=${await http.house.people.login("admin", PASSWORD, null, { address: "", agent: "" })}`;
  document = (await ask(http.port, ROUTES.openapi)).json() as Document;
  page = (await ask(http.port, ROUTES.reference)).text;
});
afterAll(stopAll);

const operations = (): (readonly [method: string, path: string, operation: Operation])[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [method, path, operation] as const),
  );

const refsIn = (value: unknown): string[] =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => (key === "$ref" ? [String(inner)] : refsIn(inner)));

/** A schema of the document with everything it refers to written out. */
const whole = (schema: Schema): Schema =>
  JSON.parse(JSON.stringify(schema), (_key, value: Schema) =>
    value?.$ref === undefined ? value : whole(document.components.schemas[value.$ref.split("/").at(-1)!]!),
  ) as Schema;
/** What a reader of the document, who does not have our code, would accept. */
const accepts = (schema: Schema, value: unknown): string[] => {
  const reader = z.fromJSONSchema(whole(schema) as Parameters<typeof z.fromJSONSchema>[0]);
  return (reader.safeParse(value).error?.issues ?? []).map((issue) => `${issue.path.join(".")}: ${issue.message}`);
};

describe("the OpenAPI document", () => {
  test("is of version 3.1 and names every path of wire.ts with each of its methods", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(new Set(Object.keys(document.paths))).toEqual(new Set(Object.values(ROUTES).map((path) => path.replace(/:(\w+)/g, "{$1}"))));
    expect(
      operations()
        .map(([method, path]) => `${method} ${path}`)
        .toSorted(),
    ).toEqual(TABLE.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`).toSorted());
    const ids = operations().map(([, , { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("refers only to what it has, and has no component that nothing refers to", () => {
    const refs = new Set(refsIn(document));
    const named = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...refs].filter((ref) => !named.includes(ref))).toEqual([]);
    expect(named.filter((ref) => !refs.has(ref))).toEqual([]);
    for (const [, , { security }] of operations())
      for (const requirement of security)
        for (const scheme of Object.keys(requirement)) expect(document.components.securitySchemes).toHaveProperty(scheme);
    expect(JSON.stringify(document)).not.toMatch(/\$schema|\$id|9007199254740991/);
  });

  test("every parameter of a path is declared, required, and has an example", () => {
    for (const [, path, { parameters }] of operations()) {
      const inPath = parameters.filter((one) => one.in === "path");
      expect(inPath.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      for (const parameter of inPath) expect(parameter).toMatchObject({ required: true, example: expect.any(String) });
    }
    expect(document.paths["/api/v1/rigs/{rig}/series"]?.["get"]?.parameters.map(({ name, required }) => [name, required])).toEqual([
      ["rig", true],
      ["from", true],
      ["to", true],
      ["points", false],
      ["fields", false],
    ]);
  });

  test("every operation tells its faults as problem details, and their codes", () => {
    for (const [, , { operationId, responses }] of operations())
      for (const [status, answer] of Object.entries(responses)) {
        if (Number(status) < 400 || (operationId === "health" && status === "503")) continue;
        expect(answer.content).toEqual({ "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } });
        for (const code of answer["x-codes"] ?? []) expect(CODES[code].status).toBe(Number(status));
        expect(answer["x-codes"]?.length).toBeGreaterThan(0);
      }
    expect(document.paths["/api/v1/twins/{tokenId}"]?.["get"]?.responses["404"]?.["x-codes"]).toEqual(["TOKEN_UNKNOWN"]);
    expect(Object.keys(document.paths["/api/v1/rigs/{rig}/records"]?.["post"]?.responses ?? {})).toEqual([
      "201",
      "400",
      "401",
      "403",
      "404",
      "409",
      "413",
      "429",
      "500",
      "503",
    ]);
  });

  test.each(TABLE.map((route) => [route.id, route] as const))(
    "%s: the example is a request as the document allows, and the answer is as it says",
    async (id, route) => {
      const operation = document.paths[route.path.replace(/:(\w+)/g, "{$1}")]?.[route.method];
      const body = operation?.requestBody?.content["application/json"];
      expect(body?.example).toEqual(route.example.body);
      if (body !== undefined) expect(accepts(body.schema, body.example)).toEqual([]);
      if (route.answer === null) return;
      const query = new URLSearchParams(Object.entries(route.example.query ?? {})).toString();
      const path = pathOf(route.path, { ...route.example.params, ...(route.path.includes(":tokenId") ? { tokenId: 7 } : {}) });
      const sent = bodyOf(http, id, route.example.body);
      const heard = await ask(http.port, `${path}?${query}`, {
        method: route.method.toUpperCase(),
        headers: { cookie: session },
        ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
        ...fileFor(route),
      });
      const schema = operation?.responses[String(route.status)]?.content?.["application/json"]?.schema;
      expect([heard.status, accepts(schema!, heard.json())]).toEqual([route.status, []]);
    },
  );

  test("is strict enough to tell a wrong answer from a right one", () => {
    const { Alarm: alarm, Site: site, Problem: problem } = document.components.schemas;
    expect(accepts(alarm!, { ...ALARM, severity: "dire" })).not.toEqual([]);
    expect(accepts(alarm!, { ...ALARM, raisedTs: "now" })).not.toEqual([]);
    expect(accepts(site!, {})).not.toEqual([]);
    expect(accepts(problem!, { type: "x", title: "x", status: 400, code: "MADE_UP", detail: "x" })).not.toEqual([]);
  });

  test("of a map by names whose values may be missing it does not say that all are there", () => {
    expect(document.components.schemas["Energy"]?.properties?.["sourcesW"]?.required).toBeUndefined();
    expect(document.components.schemas["Site"]?.properties?.["byState"]?.required).toContain("hashing");
  });
});

describe("the reference page", () => {
  test("has an anchor for every route, every code and every schema, and every link in it leads somewhere", () => {
    const anchors = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    for (const { id } of TABLE) expect(anchors).toContain(id);
    for (const code of Object.keys(CODES)) expect(anchors).toContain(code);
    for (const name of Object.keys(document.components.schemas)) expect(anchors).toContain(`schema-${name}`);
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.filter((id) => !anchors.has(id!))).toEqual([]);
    expect(links.length).toBeGreaterThan(100);
  });

  test("loads nothing from elsewhere and runs nothing", () => {
    // An address in an example is text.
    expect(page).not.toMatch(/<(?:script|iframe)\b| on\w+=|(?:src|href|action)="(?:https?:)?\/\/(?!127\.0\.0\.1:8080)/);
    expect(page).toContain("color-scheme:light dark");
  });

  test("its curl examples are requests that are answered", async () => {
    const curls = [...page.matchAll(/<pre>([^<]+)<\/pre>/g)].map(([, text]) =>
      (text ?? "").replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))),
    );
    expect(curls).toHaveLength(TABLE.length);
    for (const curl of curls) {
      const [, method = "GET"] = /-X (\w+)/.exec(curl) ?? [];
      const [, path = ""] = /127\.0\.0\.1:8080([^']*)'/.exec(curl) ?? [];
      const [, body] = /-d '(.*)'$/s.exec(curl) ?? [];
      const [, media] = /content-type: (\S+)' --data-binary/.exec(curl) ?? [];
      const file = fileFor(media === undefined ? {} : { upload: { media: [media], bytes: 1 } });
      const heard = await ask(http.port, path, { method, ...(body === undefined ? {} : { body }), ...file });
      // The fixture knows neither the example's token nor its alarm nor its password, and asks without an account.
      const isKnown = ["TOKEN_UNKNOWN", "NOT_FOUND", "LOGIN_FAILED", "LOGIN_REQUIRED"].includes(heard.status < 400 ? "" : heard.code());
      // The documents' examples, asked above, have let that person in already.
      expect([curl, heard.status < 400 || isKnown || heard.text.includes("already")]).toEqual([curl, true]);
    }
  });
});
