/** What is true, what happens and what is simulated must not depend on when or where it runs: time, chance and I/O are handed in. */
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
/** IEEE 754 does not say to the last bit what these give: another build of the engine may give another; see simulators/plant/exact.ts. */
const INEXACT = /^Math\.(a?(sin|cos|tan)h?|atan2|exp|expm1|log|log1p|log2|log10|pow|cbrt|hypot)$/;
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
    if (node.type === "BinaryExpression" && node["operator"] === "**") taken.push("**");
    if (node.type === "AssignmentExpression" && node["operator"] === "**=") taken.push("**");
    if (node.type === "CallExpression") {
      const called = nameOf(node["callee"]);
      if (called === "Date" || (called !== null && GLOBALS.has(called))) taken.push(`${called}()`);
    }
    if (node.type === "MemberExpression") {
      const object = nameOf(node["object"]);
      const property = nameOf(node["property"]);
      if (object !== null && (GLOBALS.has(object) || MEMBERS.has(`${object}.${property}`) || INEXACT.test(`${object}.${property}`)))
        taken.push(`${object}.${property}`);
      if (property !== null && LOCAL.test(property)) taken.push(`.${property}`);
    }
  });
  return taken;
};

describe.each(["server/twin", "server/flows", "simulators/plant"])("%s", (folder) => {
  test("takes no clock, chance, I/O or last digits from its surroundings", () => {
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
    ["const a = Math.sin(2);", "Math.sin"],
    ["const { a } = b(Math.log10);", "Math.log10"],
    ["const a = b ** 2;", "**"],
    ["a **= 2;", "**"],
  ])("%s", (text, name) => {
    expect(takenBy("x.ts", text)).toEqual([name]);
  });
  test("and leaves alone what is pure", () => {
    const text =
      "const a = new Date(ts).getUTCHours(); const b = Math.max(1, Math.sqrt(2)); const c = clock.now(); const d = { setTimeout: 1 }; d.setTimeout;";
    expect(takenBy("x.ts", text)).toEqual([]);
  });
});
