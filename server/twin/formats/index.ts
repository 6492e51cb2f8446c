/** The dialects of the machines, and the one function that reads any of them. */
import { refusal, type Refusal } from "../refusal.ts";
import { layOut } from "./answers.ts";
import { antminer } from "./antminer.ts";
import { auradine } from "./auradine.ts";
import { avalon } from "./avalon.ts";
import { axeos } from "./axeos.ts";
import { bosminer } from "./bosminer.ts";
import { braiins } from "./braiins.ts";
import { braiinsGraphql } from "./braiins-graphql.ts";
import { cgminer } from "./cgminer.ts";
import type { Format, Read } from "./draft.ts";
import { epic } from "./epic.ts";
import { goldshell } from "./goldshell.ts";
import { luxos } from "./luxos.ts";
import { marathon } from "./marathon.ts";
import { proto } from "./proto.ts";
import { sealminer } from "./sealminer.ts";
import { vnish } from "./vnish.ts";
import { whatsminer } from "./whatsminer.ts";
import { whatsminer3 } from "./whatsminer3.ts";

export { parseAnswerText } from "./text.ts";
export type { Format, Read } from "./draft.ts";

/** To teach the server another machine: one file beside these, one line here. */
export const FORMATS: readonly Format[] = [
  braiins,
  braiinsGraphql,
  vnish,
  whatsminer3,
  luxos,
  epic,
  marathon,
  auradine,
  proto,
  sealminer,
  goldshell,
  axeos,
  bosminer,
  avalon,
  whatsminer,
  antminer,
  cgminer,
];

/**
 * Reads a machine's own answers, `{command or file name: its answer}`, JSON or text. The dialect is recognised by what is in them;
 * the names of the answers do not matter. Gives ANSWERS_UNRECOGNISED where no dialect fits. Never throws; every number it gives is
 * finite and in the unit of its name, and what cannot be true is null with the reason in `quality`.
 */
export const readAnswers = (answers: Readonly<Record<string, unknown>>): (Read & { readonly format: string }) | Refusal => {
  const laidOut = layOut(answers);
  let best: Format | null = null;
  let most = 0;
  for (const format of FORMATS) {
    const score = format.score(laidOut);
    if (score > most) [best, most] = [format, score];
  }
  const names = Object.keys(answers).slice(0, 12).join(", ").slice(0, 200);
  if (best === null)
    return refusal(
      "ANSWERS_UNRECOGNISED",
      `No dialect knows these answers (${names}). Known: ${FORMATS.map((format) => format.name).join(", ")}.`,
    );
  const read = best.parse(laidOut);
  return "code" in read ? read : { format: best.name, ...read };
};
