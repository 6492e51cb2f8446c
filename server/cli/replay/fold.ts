/** Plays recordings through the fold, says what came of them and compares it with what was expected. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { verifyNative } from "../../edge/ed25519.ts";
import { createRefold } from "../../flows/refold.ts";
import { playedApart, type Played } from "../../twin/played.ts";
import { hashesOf } from "../../twin/snapshot.ts";
import { told } from "../moments.ts";
import { reasonOf, Unusable } from "../unusable.ts";
import type { Wish } from "./arguments.ts";
import { carry, count, endOf, EXIT } from "./carry.ts";
import { openSource } from "./source.ts";

const MOST_SHOWN = 20;

const summaryOf = (played: Played, rows: number, tookMs: number): string => {
  const states = new Map<string, number>();
  for (const { state } of Object.values(played.twins)) states.set(String(state), (states.get(String(state)) ?? 0) + 1);
  const alarm = ({ raised, cleared, rig, kind, message }: Played["alarms"][number]): string =>
    `  ${raised.slice(0, 19)}Z  ${cleared === null ? "still on" : `until ${cleared.slice(11, 19)}Z`}  ${rig}  ${kind}  ${message}`;
  const more = played.alarms.length - MOST_SHOWN;
  return [
    `Site ${played.site}, ${played.from} to ${played.to}: ${count("row", rows)} in ${told(tookMs)}`,
    `Readings   ${played.accepted.toLocaleString("en")} accepted, ${count("duplicate", played.duplicates)}, ${played.late.toLocaleString("en")} late`,
    `Refused    ${
      Object.entries(played.refused)
        .map(([code, n]) => `${n.toLocaleString("en")} ${code}`)
        .join(", ") || "none"
    }`,
    `Twins      ${Object.keys(played.twins).length.toLocaleString("en")}: ${[...states].map(([state, n]) => `${n} ${state}`).join(", ") || "none"}`,
    ...played.energy.map(
      ({ day, kwh, cost, kgco2e }) =>
        `Energy     ${day}: ${kwh.toFixed(1)} kWh, cost ${cost === null ? "unknown" : cost.toFixed(2)}, ${kgco2e === null ? "unknown" : kgco2e.toFixed(1)} kgCO2e`,
    ),
    `Alarms     ${played.alarms.length === 0 ? "none" : played.alarms.length.toLocaleString("en")}`,
    ...played.alarms.slice(0, MOST_SHOWN).map(alarm),
    ...(more > 0 ? [`  and ${more.toLocaleString("en")} more; --json prints all`] : []),
    `Farm hash  ${played.farmHash ?? ""}`,
    "",
  ].join("\n");
};

const expectationOf = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Unusable(`${file} cannot be read as JSON: ${reasonOf(error)}.`, { cause: error });
  }
};

/** One recording; gives the exit code. */
export const fold = async (wish: Wish, signal: AbortSignal): Promise<number> => {
  const expected = wish.expect === null ? null : expectationOf(wish.expect);
  const source = await openSource(wish.file, wish.faults === null);
  const startedMs = performance.now();
  const refold = createRefold(source.beginning, verifyNative);
  const ended = await carry(wish, source, signal, refold.row);
  refold.until(ended.endUs);
  const { farmHash, ...told } = refold.played(true);
  const whole: Played = { ...told, ...(farmHash === undefined ? {} : { farmHash }) };
  const print = (): string => {
    if (wish.hashes) return `${JSON.stringify(hashesOf(refold.farm()))}\n`;
    return wish.json ? `${JSON.stringify(whole, null, 1)}\n` : summaryOf(whole, ended.rows, performance.now() - startedMs);
  };
  process.stdout.write(print());
  const code = endOf(source, signal, ended);
  if (code !== EXIT.played) return code;
  if (wish.writeExpected !== null) {
    writeFileSync(wish.writeExpected, `${JSON.stringify(wish.exact ? whole : told, null, 1)}\n`);
    process.stderr.write(`Written: ${wish.writeExpected}\n`);
  }
  if (expected === null) return code;
  const apart = playedApart(whole, expected);
  process.stderr.write(
    apart.length === 0
      ? `As expected in ${wish.expect}.\n`
      : `Not as expected in ${wish.expect}, ${count("difference", apart.length)}:\n${apart.map((line) => `  ${line}\n`).join("")}`,
  );
  return apart.length === 0 ? EXIT.played : EXIT.apart;
};

/** Every recording of a folder, one after the other; gives the first exit code that is not 0. */
export const foldAll = async (wish: Wish, signal: AbortSignal): Promise<number> => {
  const files = readdirSync(wish.file).filter((name) => /\.mfrec(\.gz)?$/.test(name));
  if (files.length === 0) throw new Unusable(`There is no recording in ${wish.file}.`);
  let code: number = EXIT.played;
  for (const name of files.toSorted()) {
    if (signal.aborted) break;
    const expectation = `${name.replace(/\.mfrec(\.gz)?$/, "")}.expected.json`;
    if (!wish.quiet) process.stdout.write(`${name}\n`);
    const one = await fold(
      {
        ...wish,
        file: join(wish.file, name),
        expect: wish.expect === null ? null : join(wish.expect, expectation),
        writeExpected: wish.writeExpected === null ? null : join(wish.file, expectation),
      },
      signal,
    );
    if (code === EXIT.played) code = one;
  }
  return code;
};
