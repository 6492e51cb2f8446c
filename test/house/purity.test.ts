/** What is true and what happens must not depend on when or where it runs: time, chance and I/O are handed in. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { filesUnder, ROOT, treeOf, walk, type Node } from "./graph.ts";

const GLOBALS = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "fetch",
  "process",
  "Buffer",
  "performance",
  "window",
  "document",
  "localStorage",
  "navigator",
  "WebSocket",
  "XMLHttpRequest",
  "require",
  "globalThis",
  "console",
]);
const MEMBERS = new Set(["Date.now", "Math.random", "crypto.randomUUID", "crypto.getRandomValues"]);
/** The clock's time zone and language differ from machine to machine. */
const LOCAL = /^(toLocale\w*String|getTimezoneOffset|get(FullYear|Month|Date|Day|Hours|Minutes|Seconds)|localeCompare)$/;

const nameOf = (value: unknown): string | null => {
  const node = value as Node | null | undefined;
  return node?.type === "Identifier" ? (node["value"] as string) : null;
};

/** What a text takes from its surroundings instead of being handed it. */
const takenBy = (path: string, text: string): string[] => {
  const taken: string[] = [];
  walk(treeOf(path, text), (node) => {
    if (node.type === "NewExpression" && nameOf(node["callee"]) === "Date" && ((node["arguments"] as unknown[] | null) ?? []).length === 0)
      taken.push("new Date()");
    if (node.type === "CallExpression") {
      const called = nameOf(node["callee"]);
      if (called === "Date" || (called !== null && GLOBALS.has(called))) taken.push(`${called}()`);
    }
    if (node.type === "MemberExpression") {
      const object = nameOf(node["object"]);
      const property = nameOf(node["property"]);
      if (object !== null && (GLOBALS.has(object) || MEMBERS.has(`${object}.${property}`))) taken.push(`${object}.${property}`);
      if (property !== null && LOCAL.test(property)) taken.push(`.${property}`);
    }
  });
  return taken;
};

describe.each(["server/twin", "server/flows"])("%s", (folder) => {
  test("takes no clock, chance or I/O from its surroundings", () => {
    const faults = filesUnder(folder).flatMap((path) =>
      takenBy(path, readFileSync(join(ROOT, path), "utf8")).map((name) => `${path}: ${name}`),
    );
    expect(faults).toEqual([]);
  });
});

describe("the search finds", () => {
  test.each([
    ["const a = Date.now();", "Date.now"],
    ["const a = new Date();", "new Date()"],
    ["const a = new Date;", "new Date()"],
    ["const a = Date();", "Date()"],
    ["const now = Date.now;", "Date.now"],
    ["const a = Math.random() * 2;", "Math.random"],
    ["setTimeout(() => {}, 5);", "setTimeout()"],
    ["const a = process.env['A'];", "process.env"],
    ["const a = Buffer.from('');", "Buffer.from"],
    ["const a = b.toLocaleString();", ".toLocaleString"],
    ["const a = new Date(5).getHours();", ".getHours"],
  ])("%s", (text, name) => {
    expect(takenBy("x.ts", text)).toEqual([name]);
  });
  test("and leaves alone what is pure", () => {
    const text =
      "const a = new Date(ts).getUTCHours(); const b = Math.max(1, 2); const c = clock.now(); const d = { setTimeout: 1 }; d.setTimeout;";
    expect(takenBy("x.ts", text)).toEqual([]);
  });
});
