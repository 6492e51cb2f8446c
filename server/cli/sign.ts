/** `npm run sign -- RIG --kind KIND --badge BADGE --summary TEXT --key FILE`: seals a record that is signed by the key in a file. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { RecordDraft, RecordWish } from "../twin/api.ts";
import { draftFault } from "../twin/draft.ts";
import { addressOfKey, signDigest, typedDataDigest } from "../twin/typed-data.ts";
import { pathOf, ROUTES } from "../twin/wire.ts";

const USAGE = `Usage: npm run sign -- RIG --kind KIND --badge BADGE --summary TEXT --key FILE
         [--at 2026-11-20T14:30:00Z] [--part board:0:OLD:NEW]… [--server http://127.0.0.1:8080] [--password TEXT]
       npm run sign -- --new-key FILE      makes a key and prints its address, to be registered for a badge`;

/** What cannot be done, in a sentence for the person at the terminal. */
class Unusable extends Error {}

const keyIn = (file: string): `0x${string}` => {
  const text = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  if (!/^0x[0-9a-f]{64}$/.test(text)) throw new Unusable(`${file} has no key; make one with --new-key ${file}`);
  return text as `0x${string}`;
};
const makeKey = (file: string): void => {
  if (existsSync(file)) throw new Unusable(`${file} is there already; a key is never overwritten.`);
  const key = `0x${randomBytes(32).toString("hex")}` as const;
  writeFileSync(file, `${key}\n`, { mode: 0o600, flag: "wx" });
  console.log(addressOfKey(key));
};

const partOf = (text: string): RecordWish["parts"][number] => {
  const [part = "", index = "", oldSerial = "", newSerial = ""] = text.split(":");
  return {
    part: part as RecordWish["parts"][number]["part"],
    index: index === "" ? null : Number(index),
    oldSerial: oldSerial || null,
    newSerial: newSerial || null,
  };
};

interface Wish {
  readonly rig: string;
  readonly record: RecordWish;
  readonly key: `0x${string}`;
  readonly server: string;
  readonly password: string | null;
}

const FLAGS = new Set(["--kind", "--badge", "--summary", "--key", "--at", "--part", "--server", "--password"]);
const readArguments = (argv: readonly string[]): Wish => {
  const given = new Map<string, string[]>();
  let rig: string | null = null;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (!word.startsWith("--")) {
      if (rig !== null) throw new Unusable(`One rig at a time.\n${USAGE}`);
      rig = word;
      continue;
    }
    const value = argv[++i];
    if (!FLAGS.has(word) || value === undefined) throw new Unusable(`${word} is not known or needs a value.\n${USAGE}`);
    given.set(word, [...(given.get(word) ?? []), value]);
  }
  const one = (flag: string): string => given.get(flag)?.[0] ?? "";
  for (const flag of ["--kind", "--badge", "--summary", "--key"])
    if (rig === null || one(flag) === "") throw new Unusable(`${rig === null ? "RIG" : flag} is missing.\n${USAGE}`);
  const performedTs = one("--at") === "" ? Date.now() : Date.parse(one("--at"));
  if (Number.isNaN(performedTs)) throw new Unusable("--at must be a time like 2026-11-20T14:30:00Z.");
  return {
    rig: rig ?? "",
    record: {
      kind: one("--kind") as RecordWish["kind"],
      performedTs,
      technician: one("--badge"),
      summary: one("--summary"),
      parts: (given.get("--part") ?? []).map(partOf),
    },
    key: keyIn(one("--key")),
    server: (one("--server") || "http://127.0.0.1:8080").replace(/\/$/, ""),
    password: one("--password") || null,
  };
};

const post = async <T>({ server, password }: Wish, path: string, body: unknown): Promise<T> => {
  const headers = { "content-type": "application/json", ...(password === null ? {} : { authorization: `Bearer ${password}` }) };
  const answer = await fetch(`${server}${path}`, { method: "POST", headers, body: JSON.stringify(body) }).catch((cause: unknown) => {
    throw new Unusable(`${server} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`);
  });
  const told = (await answer.json()) as { code?: string; detail?: string };
  if (!answer.ok) throw new Unusable(`${told.code}: ${told.detail}`);
  return told as T;
};

const main = async (argv: readonly string[]): Promise<void> => {
  if (argv[0] === "--new-key" && argv[1] !== undefined) return makeKey(argv[1]);
  const wish = readArguments(argv);
  const signer = addressOfKey(wish.key);
  const draft = await post<RecordDraft>(wish, pathOf(ROUTES.recordDraft, { rig: wish.rig }), { ...wish.record, signer });
  const fault = draftFault(wish.rig, wish.record, signer, draft);
  if (fault !== null) throw new Unusable(fault);
  const signature = signDigest(typedDataDigest(draft.typedData), wish.key);
  const signed = { signer, number: draft.number, sealedTs: draft.sealedTs, signature };
  const { hash } = await post<{ hash: string }>(wish, pathOf(ROUTES.records, { rig: wish.rig }), { ...wish.record, signed });
  console.log(`Record ${draft.number} of ${wish.rig} is sealed, signed by ${signer}: ${hash}`);
};

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Unusable ? error.message : error);
  process.exit(1);
});
