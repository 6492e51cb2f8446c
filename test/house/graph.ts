/** The real import graph, read from syntax trees: static, type-only, re-exported and dynamic imports alike. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import { parseSync } from "@swc/core";

export const ROOT = resolve(import.meta.dirname, "../..");

/** A file and what it imports: repository paths for relative imports, the bare name for packages (`node:fs`, `zod`). */
export interface Source {
  readonly path: string;
  readonly imports: readonly string[];
}

/** Any node of swc's tree; only `type` is common to all. */
export interface Node {
  readonly type?: string;
  readonly [field: string]: unknown;
}

/** Calls `visit` on every node under `value`, parents first. */
export const walk = (value: unknown, visit: (node: Node) => void): void => {
  if (Array.isArray(value)) for (const item of value) walk(item, visit);
  else if (typeof value === "object" && value !== null) {
    const node = value as Node;
    if (typeof node.type === "string") visit(node);
    for (const field of Object.values(node)) walk(field, visit);
  }
};

/** Syntax tree of TypeScript, TSX or JavaScript text. */
export const treeOf = (path: string, text: string): unknown =>
  parseSync(text, { syntax: "typescript", tsx: path.endsWith("x"), target: "es2022", decorators: false });

const stringOf = (value: unknown): string | null => {
  const node = value as Node | null | undefined;
  if (node?.type === "StringLiteral") return node["value"] as string;
  return null;
};

/** The specifiers one text imports, as written. A dynamic import of something computed gives "(computed)". */
export const specifiersOf = (path: string, text: string): string[] => {
  const found = new Set<string>();
  walk(treeOf(path, text), (node) => {
    if (node.type === "ImportDeclaration" || node.type === "ExportAllDeclaration" || node.type === "ExportNamedDeclaration") {
      const from = stringOf(node["source"]);
      if (from !== null) found.add(from);
    } else if (node.type === "CallExpression" && (node["callee"] as Node).type === "Import") {
      const [first] = node["arguments"] as { expression: Node }[];
      found.add(stringOf(first?.expression) ?? "(computed)");
    } else if (node.type === "TsImportType") found.add(stringOf(node["argument"]) ?? "(computed)");
    else if (node.type === "TsExternalModuleReference") found.add(stringOf(node["expression"]) ?? "(computed)");
  });
  return [...found];
};

/** A package's name without what is inside it: `@noble/hashes/sha2.js` → `@noble/hashes`. */
const packageOf = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

/** One text as a Source; `path` relative to the repository. */
export const sourceOf = (path: string, text: string): Source => ({
  path,
  imports: specifiersOf(path, text).map((specifier) =>
    specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : packageOf(specifier),
  ),
});

/** Repository paths of every file under a folder, sorted. */
export const filesUnder = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(ROOT.length + 1)
        .replaceAll("\\", "/"),
    )
    .sort();

const isCode = (path: string): boolean => /\.(ts|tsx|mts|mjs|js)$/.test(path) && !path.startsWith("dashboard/public/");

/** Every file of the repository's folders; code with its imports, the rest (JSON, styles, Solidity) with none. */
export const readGraph = (): Source[] =>
  ["server", "simulators", "dashboard", "test"]
    .flatMap(filesUnder)
    .map((path) => (isCode(path) ? sourceOf(path, readFileSync(join(ROOT, path), "utf8")) : { path, imports: [] }));

/** Circles of imports, each once, as the files on the way round. */
export const circlesIn = (graph: readonly Source[]): string[][] => {
  const byPath = new Map(graph.map((source) => [source.path, source]));
  const state = new Map<string, "open" | "closed">();
  const circles: string[][] = [];
  const way: string[] = [];
  const enter = (path: string): void => {
    if (state.get(path) === "open") circles.push([...way.slice(way.indexOf(path)), path]);
    if (state.has(path)) return;
    state.set(path, "open");
    way.push(path);
    for (const next of byPath.get(path)?.imports ?? []) if (byPath.has(next)) enter(next);
    way.pop();
    state.set(path, "closed");
  };
  for (const { path } of graph) enter(path);
  return circles;
};
