/** The table of layers as data, and what a graph does against it. docs/architecture.md says the same in words. */
import type { Source } from "./graph.ts";

export interface Layer {
  readonly name: string;
  /** Files it covers; the first layer that covers a file counts. */
  readonly covers: RegExp;
  /** Repository files it may import. "itself" is the same edge, where the layer has several. */
  readonly files: RegExp;
  /** Packages it may import; node:* are packages too. */
  readonly packages: RegExp;
}

const ANY = /^/;
const NONE = /^$/;
/** Pure libraries: no I/O, no clock, no chance, the same in Node and in the browser. */
const PURE = /^(zod|canonicalize|@noble\/hashes|@noble\/curves)$/;

export const LAYERS: readonly Layer[] = [
  { name: "twin", covers: /^server\/twin\//, files: /^server\/twin\//, packages: PURE },
  { name: "flows", covers: /^server\/flows\//, files: /^server\/(twin|flows)\//, packages: PURE },
  { name: "chain edge", covers: /^server\/edge\/chain[/.]/, files: /^server\/(twin|contracts|edge\/chain)[/.]/, packages: ANY },
  { name: "edge", covers: /^server\/edge\//, files: /^server\/(twin|edge)\//, packages: ANY },
  { name: "gateway", covers: /^server\/gateway\//, files: /^server\/(twin|gateway)\//, packages: ANY },
  { name: "contracts", covers: /^server\/contracts\//, files: /^server\/contracts\//, packages: /^(node:.*|solc|viem)$/ },
  { name: "prepare", covers: /^server\/prepare[/.]/, files: /^server\/prepare\//, packages: /^node:/ },
  { name: "main", covers: /^server\/([^/]+|join\/[^/]+|cli\/([^/]+\/)?[^/]+)$/, files: /^server\/(?!prepare)/, packages: ANY },
  { name: "simulators", covers: /^simulators\//, files: /^(simulators|server\/twin)\//, packages: ANY },
  { name: "dashboard's build", covers: /^dashboard\/vite\.config\.ts$/, files: NONE, packages: ANY },
  {
    name: "views",
    covers: /^dashboard\/views\//,
    files: /^(dashboard\/(?!link|main|app)|server\/twin\/|server\/contracts\/[^/]*\.generated\.ts$)/,
    packages: /^(?!node:|socket\.io-client$)/,
  },
  {
    name: "parts",
    covers: /^dashboard\/parts\//,
    files: /^(dashboard\/(?!link|main|app|views)|server\/twin\/|server\/contracts\/[^/]*\.generated\.ts$)/,
    packages: /^(?!node:|socket\.io-client$)/,
  },
  {
    name: "dashboard",
    covers: /^dashboard\//,
    files: /^(dashboard\/|server\/twin\/|server\/contracts\/[^/]*\.generated\.ts$)/,
    packages: /^(?!node:)/,
  },
  { name: "test", covers: /^test\//, files: ANY, packages: ANY },
];

/** `server/edge/mqtt/client.ts` → `mqtt`, `server/edge/clock.ts` → `clock`. */
const edgeOf = (path: string): string | undefined => /^server\/edge\/([^/.]+)/.exec(path)?.[1];

const faultOf = (path: string, target: string, known: ReadonlySet<string>): string | null => {
  const layer = LAYERS.find((candidate) => candidate.covers.test(path));
  if (layer === undefined) return "belongs to no layer";
  if (target === "(computed)") return layer.name === "test" ? null : "imports something computed, which nobody can check";
  if (!target.includes("/") || target.startsWith("@") || target.startsWith("node:"))
    return layer.packages.test(target) ? null : `(${layer.name}) may not import the package ${target}`;
  if (!known.has(target)) return `imports ${target}, which is not there`;
  if (target.startsWith("test/") && layer.name !== "test") return `(${layer.name}) may not import a test`;
  if (target === "server/main.ts" || target === "simulators/main.ts") return `imports ${target}, which only starts things`;
  if (!layer.files.test(target)) return `(${layer.name}) may not import ${target}`;
  const [from, to] = [edgeOf(path), edgeOf(target)];
  return from !== undefined && to !== undefined && from !== to ? `(edge ${from}) may not import the edge ${to}` : null;
};

/** Every import that the table forbids, as one sentence each. */
export const faultsIn = (graph: readonly Source[]): string[] => {
  const known = new Set(graph.map((source) => source.path));
  return graph.flatMap(({ path, imports }) =>
    imports.flatMap((target) => {
      const fault = faultOf(path, target, known);
      return fault === null ? [] : [`${path} ${fault}`];
    }),
  );
};

/** Names that say nothing of what is inside. */
const FORBIDDEN = /^(utils?|common|shared|types|helpers?|misc|lib)$/;

/** Files and folders with such a name. */
export const namelessIn = (paths: readonly string[]): string[] =>
  paths.filter((path) => path.split("/").some((part) => FORBIDDEN.test(part.replace(/\.(d\.)?[a-z]+$/, ""))));

/** What may lie at the top. Dotfiles are the tools'. */
const TOP = new Set([
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "jest.config.js",
  "server",
  "dashboard",
  "simulators",
  "test",
  "docs",
  "docker-compose.yml",
  "Dockerfile",
  "README.md",
  "LICENSE",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "SECURITY.md",
]);
/** Made by running things, never committed (.gitignore). */
const MADE = /^(node_modules|build|data|coverage|.*\.log)$/;

/** Names at the top that do not belong there. */
export const strangersAtTop = (names: readonly string[]): string[] =>
  names.filter((name) => !name.startsWith(".") && !TOP.has(name) && !MADE.test(name));
