import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { circlesIn, readGraph, ROOT, sourceOf, specifiersOf, type Source } from "./graph.ts";
import { faultsIn, LAYERS, namelessIn, strangersAtTop } from "./layers.ts";

const graph = readGraph();

describe("the repository", () => {
  test("imports only downwards", () => {
    expect(faultsIn(graph)).toEqual([]);
  });
  test("has no circle of imports, not even of types", () => {
    expect(circlesIn(graph)).toEqual([]);
  });
  test("has no file or folder whose name says nothing", () => {
    expect(namelessIn(graph.map((source) => source.path))).toEqual([]);
  });
  test("keeps its top level", () => {
    expect(strangersAtTop(readdirSync(ROOT))).toEqual([]);
  });
  test("is seen whole: each layer that has a folder has files in the graph", () => {
    for (const name of ["twin", "flows", "edge", "main", "simulators", "views", "parts", "test"]) {
      const layer = LAYERS.find((candidate) => candidate.name === name);
      expect([name, graph.some((source) => layer?.covers.test(source.path) === true && source.imports.length > 0)]).toEqual([name, true]);
    }
  });
});

/** A small world in which every file named exists; the last line is the one under test. */
const world = (...lines: readonly string[]): string[] => {
  const sources: Source[] = lines.map((line) => {
    const [path = "", ...imports] = line.split(/ → |, /);
    return { path, imports };
  });
  const named = new Set(sources.map((source) => source.path));
  const rest = sources
    .flatMap((source) => source.imports)
    .filter((path) => path.includes("/") && !path.startsWith("@") && !named.has(path));
  return faultsIn([...sources, ...rest.map((path) => ({ path, imports: [] }))]);
};

describe("the table catches", () => {
  test.each([
    ["server/twin/fold.ts → node:fs"],
    ["server/twin/fold.ts → viem"],
    ["server/twin/fold.ts → server/flows/telemetry.ts"],
    ["server/flows/replay.ts → server/edge/clock.ts"],
    ["server/flows/replay.ts → node:path"],
    ["server/edge/http/app.ts → server/flows/answers.ts"],
    ["server/edge/http/app.ts → server/edge/socket.ts"],
    ["server/edge/http.ts → server/edge/socket.ts"],
    ["server/edge/influx.ts → server/contracts/abi.generated.ts"],
    ["server/gateway/poll.ts → server/edge/mqtt/client.ts"],
    ["server/edge/mqtt/client.ts → server/config.ts"],
    ["server/config.ts → server/main.ts"],
    ["server/main.ts → simulators/farm.ts"],
    ["server/prepare/lock.mjs → libsql"],
    ["simulators/farm.ts → server/edge/mqtt/client.ts"],
    ["simulators/farm.ts → dashboard/format.ts"],
    ["dashboard/views/rig.tsx → dashboard/link.ts"],
    ["dashboard/views/rig.tsx → socket.io-client"],
    ["dashboard/parts/tile.tsx → dashboard/views/rig.tsx"],
    ["dashboard/state.ts → server/flows/frames.ts"],
    ["dashboard/state.ts → node:buffer"],
    ["dashboard/main.tsx → simulators/farm.ts"],
    ["server/edge/clock.ts → test/servers/have.ts"],
    ["elsewhere/a.ts → zod"],
    ["server/twin/fold.ts → (computed)"],
  ])("%s", (line) => {
    expect(world(line)).toHaveLength(1);
  });

  test("a file that is not there", () => {
    expect(faultsIn([{ path: "server/main.ts", imports: ["server/gone.ts"] }])).toHaveLength(1);
  });

  test("and lets pass what it allows", () => {
    expect(
      world(
        "server/twin/fold.ts → server/twin/twin.ts, zod",
        "server/flows/replay.ts → server/twin/fold.ts, server/flows/clock.ts",
        "server/edge/chain/relay.ts → server/contracts/abi.generated.ts, server/edge/chain/node.ts, viem",
        "server/edge/journal/tail.ts → server/edge/journal/codec.ts, node:fs",
        "server/config.ts → server/twin/wire.ts",
        "dashboard/views/rig.tsx → dashboard/parts/tile.tsx, server/twin/twin.ts, react",
        "dashboard/link.ts → server/contracts/abi.generated.ts, socket.io-client",
        "test/paths/a.test.ts → server/edge/http/app.ts, simulators/farm.ts",
      ),
    ).toEqual([]);
  });

  test("a circle through types, and each circle once", () => {
    const circle = circlesIn([
      { path: "a.ts", imports: ["b.ts"] },
      { path: "b.ts", imports: ["c.ts"] },
      { path: "c.ts", imports: ["b.ts"] },
    ]);
    expect(circle).toEqual([["b.ts", "c.ts", "b.ts"]]);
  });

  test("names that say nothing", () => {
    const names = ["server/utils/a.ts", "dashboard/helpers.tsx", "server/types.d.ts", "server/twin/utilities.ts", "server/twin/wire.ts"];
    expect(namelessIn(names)).toEqual(["server/utils/a.ts", "dashboard/helpers.tsx", "server/types.d.ts"]);
  });

  test("strangers at the top", () => {
    expect(strangersAtTop(["server", "scripts", ".github", "node_modules", "notes.txt", "README.md"])).toEqual(["scripts", "notes.txt"]);
  });
});

describe("the scanner sees", () => {
  test("every kind of import", () => {
    const text = `
      import a, { type B } from "./static.ts";
      import type { C } from "./types-only.ts";
      import "./effect.ts";
      export * from "./all.ts";
      export { d } from "./named.ts";
      export type { E } from "./named-type.ts";
      const f = () => import("./dynamic.ts");
      let g: typeof import("./type-query.ts");
      let h: import("./type-reference.ts").H;
      import i = require("./required.ts");
      // import "./comment.ts";
      const j = 'import "./string.ts"';
      export { a };`;
    const seen = specifiersOf("x.ts", text).sort();
    const not = ["./comment.ts", "./string.ts"];
    const all = ["all", "dynamic", "effect", "named-type", "named", "required", "static", "type-query", "type-reference", "types-only"];
    expect(seen).toEqual(all.map((name) => `./${name}.ts`).sort());
    expect(seen.filter((name) => not.includes(name))).toEqual([]);
  });
  test("a computed import as such, and packages by their names", () => {
    const source = sourceOf("server/a/b.ts", 'import "@noble/hashes/sha2.js"; import "node:fs/promises"; import "../c.ts"; import(name);');
    expect(source.imports).toEqual(["@noble/hashes", "node:fs", "server/c.ts", "(computed)"]);
  });
  test("JSX", () => {
    expect(specifiersOf("x.tsx", 'import a from "./a.ts"; export const B = () => <a.C d="1" />;')).toEqual(["./a.ts"]);
  });
});

test("relative imports name the file with its ending", () => {
  const bare = graph.flatMap(({ path, imports }) =>
    imports
      .filter((name) => /^(server|simulators|dashboard|test)\//.test(name) && !/\.[a-z]+$/.test(name))
      .map((name) => `${path} → ${name}`),
  );
  expect(bare).toEqual([]);
});

test("nothing is put off: no marks of unfinished work, no silenced checks", () => {
  const marks = new RegExp(["TO" + "DO", "FIX" + "ME", "@ts-" + "(ignore|expect-error|nocheck)", "(es|ox)lint-" + "disable"].join("|"));
  const marked = graph.filter(({ path }) => marks.test(readFileSync(join(ROOT, path), "utf8"))).map(({ path }) => path);
  expect(marked).toEqual([]);
});
