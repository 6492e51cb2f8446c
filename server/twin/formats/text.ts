/** From the text a machine really sends to JSON: repairs the faults its firmware is known for, and nothing else. */

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

type Token = readonly [kind: "string" | "open" | "close" | "comma" | "colon" | "word", text: string];

/** A string that is never closed runs to the end, so that it is looked at once and not from each of its quotes again. */
const TOKEN = /"[^"\\]*(?:\\(?:.|$)[^"\\]*)*(?:"|$)|[{[]|[}\]]|,|:|[^\s"{}[\],:]+/gs;
const CLOSED = /^"[^"\\]*(?:\\.[^"\\]*)*"$/s;

const tokens = (text: string): Token[] =>
  (text.match(TOKEN) ?? []).flatMap((found): Token[] => {
    if (found.startsWith('"')) return CLOSED.test(found) ? [["string", found]] : [];
    if (found === "{" || found === "[") return [["open", found]];
    if (found === "}" || found === "]") return [["close", found]];
    if (found === ",") return [["comma", found]];
    return found === ":" ? [["colon", found]] : [["word", found]];
  });

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Bare words: JSON's own stay, numbers written C's way are put right, "nan" and "inf" become null, anything else a string. */
const word = (text: string): string => {
  if (NUMBER.test(text) || text === "true" || text === "false" || text === "null") return text;
  if (/^[+-]?(?:nan|inf|infinity)(?:\(.*\))?$/i.test(text) || text === "undefined" || text === "None") return "null";
  if (/^(?:True|TRUE)$/.test(text)) return "true";
  if (/^(?:False|FALSE)$/.test(text)) return "false";
  const number = /^[+-]?\d*\.?\d+(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? String(number) : JSON.stringify(text);
};

/** Control characters inside a string are escaped, as old firmware does not. */
const string = (text: string): string =>
  text
    .replace(/[\u0000-\u001f]/g, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replace(/\\(?!["\\/bfnrtu])/g, "\\\\");

/** Writes the tokens again with the commas that were forgotten or are too many, and closes what was cut off at the end. */
const rewritten = (all: readonly Token[]): string => {
  const out: string[] = [];
  const open: string[] = [];
  let documents = 0;
  let before: Token[0] | "start" = "start";
  for (const [kind, text] of all) {
    const ended = before === "close" || before === "string" || before === "word";
    if (kind === "comma") {
      if (ended && open.length > 0) before = "comma";
      continue;
    }
    if (kind === "close") {
      if (open.length === 0) continue;
      if (before === "colon") out.push("null");
      out.push(open.pop() === "{" ? "}" : "]");
      before = "close";
      continue;
    }
    if (kind === "colon") {
      if (before === "string" || before === "word") out.push(":");
      before = "colon";
      continue;
    }
    if (before === "comma" || ended) {
      if (open.length === 0) documents += 1;
      out.push(",");
    }
    if (kind === "open") open.push(text);
    out.push(kind === "word" ? word(text) : kind === "string" ? string(text) : text);
    before = kind === "open" ? "start" : kind;
  }
  if (open.length > 0) cutBack(out);
  while (open.length > 0) out.push(open.pop() === "{" ? "}" : "]");
  return documents > 0 ? `[${out.join("")}]` : out.join("");
};

/** The last value of a cut-off answer may be half a number: everything after the last comma or opening bracket goes. */
const cutBack = (out: string[]): void => {
  for (let at = out.length - 1; at >= 0; at--) {
    const piece = out[at] ?? "";
    if (piece === "}" || piece === "]") return;
    if (piece === "{" || piece === "[") return void out.splice(at + 1);
    if (piece === ",") return void out.splice(at);
  }
};

/** "STATUS=S,When=1,…|SUMMARY,Elapsed=9,…|": cgminer's answer to a command in plain text. */
const SECTION_OF: Readonly<Record<string, string>> = {
  STATUS: "STATUS",
  SUMMARY: "SUMMARY",
  POOL: "POOLS",
  ASC: "DEVS",
  PGA: "DEVS",
  STATS: "STATS",
  VERSION: "VERSION",
  CGMiner: "VERSION",
  BMMiner: "VERSION",
  DEVDETAILS: "DEVDETAILS",
  "ASC Count": "CONFIG",
};
const piped = (text: string): unknown => {
  if (!/^STATUS=[A-Z],/.test(text)) return undefined;
  const answer: Record<string, Record<string, unknown>[]> = {};
  for (const section of text.split("|")) {
    if (section.trim() === "") continue;
    const row: Record<string, unknown> = {};
    const fields = section.split(/,(?=[A-Za-z0-9 %_:]+=)/);
    for (const field of fields) {
      const at = field.indexOf("=");
      if (at > 0) row[field.slice(0, at)] = field.slice(at + 1);
    }
    const first = /^[A-Za-z ]+/.exec(section)?.[0] ?? "";
    const name = SECTION_OF[first.trim()] ?? first.trim();
    if (name !== "" && Object.keys(row).length > 0) (answer[name] ??= []).push(row);
  }
  return Object.keys(answer).length > 0 ? answer : undefined;
};

/**
 * Gives the JSON value of an answer as it came from a machine, or undefined where it is none. Put right: trailing NULs, text before
 * and after (HTTP heads, prompts), missing and trailing commas (`}{`), `nan`, control characters in strings, an end that was cut
 * off (the last, perhaps half, value is dropped), several answers in a row (then an array), and cgminer's `|` text.
 */
export const parseAnswerText = (text: string): unknown => {
  const clean = text.replace(/[\u0000\ufeff]/g, "").trim();
  if (clean === "" || clean.length > 1_000_000) return undefined;
  const straight = parsed(clean);
  if (straight !== undefined) return straight;
  const plain = piped(clean);
  if (plain !== undefined) return plain;
  const from = clean.search(/[{[]/);
  if (from < 0 || clean.startsWith("<")) return undefined;
  const to = Math.max(clean.lastIndexOf("}"), clean.lastIndexOf("]"));
  const inner = to > from ? parsed(clean.slice(from, to + 1)) : undefined;
  return inner ?? parsed(rewritten(tokens(clean.slice(from))));
};
