/** What is written is compared with what is there. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { SETTINGS } from "../../server/config.ts";
import { TABLE } from "../../server/edge/http/routes.ts";
import { FAULTS } from "../../server/twin/faults.ts";
import { FORMATS } from "../../server/twin/formats/index.ts";
import { CODES } from "../../server/twin/refusal.ts";
import { CHANNELS, EVENTS, ROUTES } from "../../server/twin/wire.ts";
import { ROOT } from "./graph.ts";

/** `RIGTWIN_WRITE_DOCS=1 npm run jest -- test/house/docs.test.ts` writes the tables that are made of the sources. */
const write = process.env["RIGTWIN_WRITE_DOCS"] === "1";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** Every text file that a clone has; what is made by running things is left out. */
const textFiles = (folder = ""): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (/^(node_modules|build|data|coverage|\.git|package-lock\.json)$/.test(path) || /\.(png|ico|woff2?|gz|bin|log)$/.test(path))
      return [];
    return entry.isDirectory() ? textFiles(path) : [path];
  });
const pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", ...textFiles("docs").filter((path) => path.endsWith(".md"))];

/** Rows of the tables on a page, each as its cells without backticks; heads and rules left out. */
const rowsIn = (text: string): string[][] =>
  text
    .split("\n")
    .filter((line, i, lines) => line.startsWith("|") && !/^\|[\s|:-]+\|$/.test(line) && !/^\|[\s|:-]+\|$/.test(lines[i + 1] ?? ""))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll("`", "")),
    );

/** Compares what stands between `<!-- name … -->` and `<!-- end of name -->` with these lines, or writes it. */
const expectTable = (page: string, name: string, lines: readonly string[]): void => {
  const between = new RegExp(`(<!-- ${name}:[^>]*-->\\n)([\\s\\S]*?\\n?)(<!-- end of ${name} -->)`);
  const table = `${lines.join("\n")}\n`;
  if (write)
    writeFileSync(
      join(ROOT, page),
      read(page).replace(between, (_, before: string, _old, after: string) => `${before}${table}${after}`),
    );
  expect(between.exec(read(page))?.[2]).toBe(table);
};

describe("docs/codes.md", () => {
  const rows = rowsIn(read("docs/codes.md"));
  test("has every code once, in the order of refusal.ts, with its status, its retry and its words", () => {
    const written = rows.map(([code, status, again, means]) => [code, Number(status), again === "yes", means]);
    expect(written).toEqual(Object.entries(CODES).map(([code, { status, retry, says }]) => [code, status, retry, says]));
  });
  test("says of each what to do", () => {
    expect(rows.filter((row) => (row[4] ?? "").length < 10)).toEqual([]);
  });
});

describe("docs/api.md", () => {
  const written = rowsIn(read("docs/api.md")).map(([method, path]) => `${method} ${path}`);
  test("has every route that is served, and no other", () => {
    expect([...written].sort()).toEqual(TABLE.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort());
  });
  test("has every route of wire.ts", () => {
    expect([...new Set(written.map((line) => line.split(" ")[1] ?? ""))].sort()).toEqual(Object.values(ROUTES).sort());
  });
});

test("docs/live-feed.md has every event", () => {
  const known = new Set<string>(Object.values(EVENTS));
  const sides = rowsIn(read("docs/live-feed.md")).filter(([, from]) => from === "client" || from === "server");
  expect(sides.map(([event]) => event)).toEqual(Object.values(EVENTS));
  expect(known.size).toBe(sides.length);
});

test("docs/mqtt.md has every channel", () => {
  const rows = rowsIn(read("docs/mqtt.md")).filter(([, qos, retained]) => qos === "1" && (retained === "yes" || retained === "no"));
  expect(rows.map(([channel = ""]) => channel).sort()).toEqual(Object.values(CHANNELS).sort());
});

describe("docs/formats.md", () => {
  const rows = rowsIn(read("docs/formats.md"));
  test("has every format", () => {
    const written = rows.filter((row) => row.length === 3).map(([name = ""]) => name);
    expect(written.sort()).toEqual(["native", ...FORMATS.map((format) => format.name)].sort());
  });
  test("has every fault with its part, severity and words", () => {
    const faults = Object.entries(FAULTS).map(
      ([code, { component, severity, says }]) => `| \`${code}\` | ${component} | ${severity} | ${says} |`,
    );
    expectTable("docs/formats.md", "faults", ["| Fault | Part | Severity | Means |", "|---|---|---|---|", ...faults]);
  });
});

test("README.md has every setting as server/config.ts has it", () => {
  const settings = Object.values(SETTINGS).map(({ flag, variable, value, fallback, says }) => {
    const shown =
      fallback === null || fallback === "" ? "" : `\`${fallback === true ? "yes" : fallback === false ? "no" : String(fallback)}\``;
    return `| \`--${flag}\` | \`${variable}\` | ${value.replaceAll("|", " or ")} | ${shown} | ${says} |`;
  });
  expectTable("README.md", "settings", ["| Flag | Variable | Value | Default | Means |", "|---|---|---|---|---|", ...settings]);
});

describe.each(pages)("%s", (page) => {
  const text = read(page);
  /** As GitHub makes them of headings. */
  const anchorsOf = (path: string): string[] =>
    [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} -]/gu, "")
        .replaceAll(" ", "-"),
    );

  test("links only to what is there", () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = ""]) => to).filter((to) => !/^[a-z]+:/.test(to));
    const broken = links.filter((to) => {
      const [path = "", anchor] = to.split("#");
      const target = path === "" ? page : join(dirname(page), path);
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test("names only files and folders that are there", () => {
    const named = [...text.matchAll(/`((?:server|dashboard|simulators|test|docs|\.ci|\.github)\/[\w./-]*)`/g)].map(([, path = ""]) => path);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(named.filter((path) => path.endsWith("/") && !statSync(join(ROOT, path)).isDirectory())).toEqual([]);
  });

  test("names only scripts that are there", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Readonly<Record<string, string>> };
    const named = [...text.matchAll(/\bnpm run (?:-s |--silent )?([\w:-]+)/g)].map(([, name = ""]) => name);
    if (/\bnpm test\b/.test(text)) named.push("test", "pretest");
    if (/\bnpm start\b/.test(text)) named.push("start", "prestart");
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test("names only settings that are there", () => {
    const known = new Set<string>(Object.values(SETTINGS).map(({ variable }) => variable));
    const named = [...text.matchAll(/`([A-Z][A-Z_]*_(?:URL|PORT|HOST|HOSTS|DIR|KEY|H|S|DEPTH|SHARE|CLIENT))(?:=[^`]*)?`/g)].map(
      ([, name = ""]) => name,
    );
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

test("no text names a workplace, a number of an issue, or who or what wrote it", () => {
  // In pieces, so that this file does not find itself.
  const words = [
    "/wo" + "rk/",
    "/tmp/" + "brief",
    "\\.\\./" + "shared/",
    "(?:issue|fixes|closes) #" + "\\d",
    "co-authored" + "-by",
    "generated with" + " \\[",
    "cla" + "ude",
    "chat" + "gpt",
    "anth" + "ropic",
    "open" + "ai",
    "copi" + "lot",
    "language" + " model",
    "lorem" + " ipsum",
  ];
  const forbidden = new RegExp(words.join("|"), "i");
  const found = textFiles().flatMap((path) => {
    const word = forbidden.exec(read(path))?.[0];
    return word === undefined ? [] : [`${path}: ${word}`];
  });
  expect(found).toEqual([]);
});
