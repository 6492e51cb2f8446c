/** The gateway's messages as text, the machines' answers untouched in them. */
import type { Found } from "./identify.ts";
import type { Answers } from "./drivers/driver.ts";
import { escapedBytes } from "./outbox.ts";

const isJson = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
};

/** An answer as JSON: the machine's own bytes where they are JSON already (a line's end inside JSON is mere space), else its text as a string. */
const written = (answer: unknown): string => {
  if (typeof answer !== "string") return JSON.stringify(answer) ?? "null";
  const text = answer.replace(/\0+$/, "");
  return isJson(text) ? text.replace(/[\r\n]+/g, " ") : JSON.stringify(text);
};

/** Room in a batch for one machine's answers. */
const MOST_BYTES = 200_000;

/** Answers of one round in one object; where they are too large for a message the largest is left out first. `leftOut` names those. */
export const answersText = (answers: Answers): { readonly text: string; readonly leftOut: readonly string[] } => {
  const parts = Object.entries(answers).map(([name, answer]) => {
    const text = `${JSON.stringify(name)}:${written(answer)}`;
    return { name, text, bytes: escapedBytes(text) };
  });
  const leftOut: string[] = [];
  let total = parts.reduce((sum, { bytes }) => sum + bytes + 1, 0);
  for (const { name, bytes } of parts.toSorted((a, b) => b.bytes - a.bytes)) {
    if (total <= MOST_BYTES) break;
    total -= bytes + 1;
    leftOut.push(name);
  }
  const kept = parts.filter(({ name }) => !leftOut.includes(name)).map(({ text }) => text);
  return { text: `{${kept.join(",")}}`, leftOut };
};

/** One message of a batch, on one line. */
export const answersLine = (
  rig: string,
  head: { readonly ts: number; readonly seq: number; readonly boot: string },
  answers: string,
): string =>
  `{"rig":${JSON.stringify(rig)},"channel":"answers","payload":{"v":1,"ts":${head.ts},"seq":${head.seq},"boot":${JSON.stringify(head.boot)},"answers":${answers}}}`;

/** The retained message that says who a rig is. */
export const birthText = (
  { read, host }: Found,
  head: { readonly ts: number; readonly boot: string },
  position: { readonly container: string; readonly rack: string; readonly slot: string } | null,
): string => {
  const { identity } = read;
  return JSON.stringify({ v: 1, ...head, identity: { ...identity, ip: identity.ip ?? host }, ...(position === null ? {} : { position }) });
};
