/** The lock file must install on every system people use, not only on the one where it was made. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ROOT } from "./graph.ts";

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
type Lock = Readonly<Record<string, Locked>>;

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const json = <T>(path: string): T => JSON.parse(readFileSync(join(ROOT, path), "utf8")) as T;
const manifest = json<Manifest>("package.json");
const lock = json<{ packages: Lock }>("package-lock.json").packages;

/** Where Node would find `name` from inside the package at `from`. */
const found = (packages: Lock, from: string, name: string): string | null => {
  for (let at: string | null = from; at !== null;) {
    const path = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    const up: number = at.lastIndexOf("/node_modules/");
    at = at === "" ? null : up < 0 ? "" : at.slice(0, up);
  }
  return null;
};

/** Optional packages (one per platform, mostly) which a package names and the lock file lacks or has without integrity. */
const missing = (packages: Lock, optionalOf: (path: string) => Readonly<Record<string, string>>): string[] =>
  Object.keys(packages).flatMap((path) =>
    Object.keys(optionalOf(path)).flatMap((name) => {
      const at = found(packages, path, name);
      return at !== null && packages[at]?.integrity !== undefined ? [] : [`${path} → ${name}`];
    }),
  );

/** What the package itself says where it is installed: a lock file that lost a platform lost it from its own list too. */
const installedOptional = (path: string): Readonly<Record<string, string>> => {
  try {
    return json<{ optionalDependencies?: Readonly<Record<string, string>> }>(`${path}/package.json`).optionalDependencies ?? {};
  } catch {
    return {};
  }
};

describe("the lock file", () => {
  test("names every platform's package of every native tool, with its hash", () => {
    expect(missing(lock, (path) => lock[path]?.optionalDependencies ?? {})).toEqual([]);
    expect(missing(lock, (path) => (path === "" ? {} : installedOptional(path)))).toEqual([]);
  });

  test("sees a platform that is lost", () => {
    const lost = Object.fromEntries(Object.entries(lock).filter(([path]) => path !== "node_modules/@swc/core-darwin-arm64"));
    expect(missing(lost, (path) => lost[path]?.optionalDependencies ?? {})).toEqual(["node_modules/@swc/core → @swc/core-darwin-arm64"]);
  });

  // One package of each tool that comes as machine code, by its own names of the platforms.
  const NATIVE: Readonly<Record<string, RegExp>> = {
    swc: /^node_modules\/@swc\/core-/,
    oxlint: /^node_modules\/@oxlint\/binding-/,
    oxfmt: /^node_modules\/@oxfmt\/binding-/,
    tsgolint: /^node_modules\/@oxlint-tsgolint\//,
    rolldown: /^node_modules\/@rolldown\/binding-/,
    lightningcss: /^node_modules\/lightningcss-/,
    typescript: /^node_modules\/@typescript\/typescript-/,
    duckdb: /^node_modules\/@duckdb\/node-bindings-/,
    "unrs-resolver": /^node_modules\/@unrs\/resolver-binding-/,
    watcher: /^node_modules\/@parcel\/watcher-/,
    libsql: /^node_modules\/@libsql\/.*-/,
  };
  const PLATFORMS = ["linux x64", "linux arm64", "darwin x64", "darwin arm64", "win32 x64", "win32 arm64"].map((name) => name.split(" "));
  /** What the makers do not build (README, "What it does not do"): on Windows for arm64, Node for x64 does. */
  const UNBUILT: Readonly<Record<string, readonly string[]>> = { libsql: ["win32 arm64"] };
  test.each(Object.entries(NATIVE))("has %s for Linux, macOS and Windows on x64 and arm64", (tool, pattern) => {
    const parts = Object.entries(lock)
      .filter(([path]) => pattern.test(path))
      .map(([, locked]) => locked);
    const isThere = (os: string, cpu: string): boolean =>
      parts.some((part) => part.os?.includes(os) === true && part.cpu?.includes(cpu) === true && part.integrity !== undefined);
    const lacking = PLATFORMS.filter(([os = "", cpu = ""]) => !isThere(os, cpu)).map((platform) => platform.join(" "));
    expect(lacking).toEqual(UNBUILT[tool] ?? []);
  });

  test("brings classic-level built for the same systems", () => {
    const built = readdirSync(join(ROOT, "node_modules/classic-level/prebuilds"));
    expect(built).toEqual(expect.arrayContaining(["linux-x64", "linux-arm64", "darwin-x64+arm64", "win32-x64"]));
  });

  test("has a hash for every package, and no address of a particular registry", () => {
    const entries = Object.entries(lock).filter(([path]) => path !== "");
    expect(entries.filter(([, locked]) => locked.integrity?.startsWith("sha512-") !== true).map(([path]) => path)).toEqual([]);
    expect(readFileSync(join(ROOT, "package-lock.json"), "utf8")).not.toMatch(/"resolved": "https?:\/\/(?!registry\.npmjs\.org\/)/);
  });

  test("agrees with package.json", () => {
    const { dependencies, devDependencies } = lock[""] as unknown as Manifest;
    expect({ dependencies, devDependencies }).toEqual({ dependencies: manifest.dependencies, devDependencies: manifest.devDependencies });
  });
});

test("package.json names exact versions only", () => {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.overrides, ...manifest.optionalDependencies };
  expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version))).toEqual([]);
});

/** Licences under which this project may pass on what it depends on. */
const ALLOWED = new Set([
  "MIT",
  "MIT-0",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "MPL-2.0",
  "CC0-1.0",
  "Unlicense",
  "BlueOak-1.0.0",
]);
/** An SPDX expression: any side of an OR will do, every side of an AND must. */
const allowed = (licence: string): boolean =>
  licence
    .replace(/[()]/g, "")
    .split(" OR ")
    .some((choice) => choice.split(" AND ").every((name) => ALLOWED.has(name.trim())));

describe("licences", () => {
  /** Older packages state it in a form npm does not copy into the lock file. */
  const isMitText = (path: string): boolean =>
    existsSync(join(ROOT, path, "LICENSE")) && readFileSync(join(ROOT, path, "LICENSE"), "utf8").startsWith("MIT License\n");
  const licenceOf = (path: string, locked: Locked): string => {
    if (locked.license !== undefined) return locked.license;
    const { license, licenses } = json<{ license?: { type?: string }; licenses?: { type?: string }[] }>(`${path}/package.json`);
    return license?.type ?? licenses?.[0]?.type ?? (isMitText(path) ? "MIT" : "none");
  };
  test("of what is installed with the server are on the list", () => {
    const production = Object.entries(lock).filter(([path, locked]) => path !== "" && locked.dev !== true);
    expect(production.length).toBeGreaterThan(100);
    const isForeign = (locked: Locked): boolean => locked.optional === true && locked.license === undefined;
    const refused = production.filter(([path, locked]) => !isForeign(locked) && !allowed(licenceOf(path, locked)));
    expect(refused.map(([path, locked]) => `${path}: ${locked.license}`)).toEqual([]);
  });
  test.each([
    ["MIT", true],
    ["(GPL-3.0 OR MIT)", true],
    ["Apache-2.0 AND MIT", true],
    ["GPL-3.0 AND MIT", false],
    ["AGPL-3.0", false],
    ["none", false],
  ])("%s: %s", (licence, expected) => {
    expect(allowed(licence)).toBe(expected);
  });
});
