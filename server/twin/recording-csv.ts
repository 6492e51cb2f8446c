/**
 * The CSV that MQTT recorders share: `timestamp,topic,payload,qos,retain`, times in ISO 8601 with milliseconds, payloads that are no text as
 * `b64:` and base64. It has no properties, no client and no start; what it cannot say is lost on export. Quoting as in RFC 4180 §2.
 */
import { base64Of, bytesOfBase64, textOf, type RecordingFault, type Told } from "./recording.ts";

export const CSV_HEAD = "timestamp,topic,payload,qos,retain";
const BYTES = "b64:";
const MOST_FIELD = 16 * 1_048_576;

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** One line, without its line end; `ts` in ms UTC. A text that itself begins with `b64:` is written as base64. */
export const csvLineOf = ({ topic, payload, qos, retain }: Told, ts: number): string => {
  const text = textOf(payload);
  const written = text === null || text.startsWith(BYTES) ? `${BYTES}${base64Of(payload)}` : text;
  return [new Date(ts).toISOString(), quoted(topic), quoted(written), String(qos), String(retain)].join(",");
};

export interface CsvMessage {
  /** ms UTC. */
  readonly ts: number;
  readonly message: Told;
}
export type CsvPiece = { readonly kind: "message"; readonly read: CsvMessage } | { readonly kind: "fault"; readonly fault: RecordingFault };

const messageOf = (cells: readonly string[], row: number): CsvPiece => {
  const fault = (detail: string): CsvPiece => ({ kind: "fault", fault: { code: "CSV_INVALID", row, detail } });
  const [time = "", topic = "", payload = "", qos = "0", retain = "false"] = cells;
  if (cells.length < 3 || cells.length > 5) return fault(`it has ${cells.length} columns, not ${CSV_HEAD}`);
  const ts = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(time) ? Date.parse(time) : Number.NaN;
  if (!Number.isFinite(ts)) return fault(`"${time.slice(0, 40)}" is not a time such as 2026-11-21T09:00:00.000Z`);
  if (topic === "") return fault("the topic is empty");
  if (qos !== "0" && qos !== "1" && qos !== "2") return fault(`qos must be 0, 1 or 2, is "${qos.slice(0, 40)}"`);
  if (!/^(true|false|1|0)$/i.test(retain)) return fault(`retain must be true or false, is "${retain.slice(0, 40)}"`);
  const bytes = payload.startsWith(BYTES) ? bytesOfBase64(payload.slice(BYTES.length)) : new TextEncoder().encode(payload);
  if (bytes === null) return fault("the payload behind b64: is not base64");
  const message: Told = {
    topic,
    payload: bytes,
    qos: Number(qos) as 0 | 1 | 2,
    retain: /^(true|1)$/i.test(retain),
    dup: false,
    client: "",
    properties: null,
  };
  return { kind: "message", read: { ts, message } };
};

export interface CsvReader {
  /** Takes the next part of the text, of any length; gives what is complete. */
  readonly text: (part: string) => CsvPiece[];
  /** Gives what was left over, when there is no more text. */
  readonly end: () => CsvPiece[];
}

/** Reads the CSV piece by piece; a quoted field may hold line ends. Rows count from 1, the head line not among them. */
export const readCsv = (): CsvReader => {
  let cells: string[] = [];
  let cell = "";
  let quotes: "none" | "inside" | "maybe closed" = "none";
  let began = false;
  let wasCarriageReturn = false;
  let rows = 0;
  let headPassed = false;
  let broken = false;

  const fault = (detail: string): CsvPiece => {
    broken = true;
    return { kind: "fault", fault: { code: "CSV_INVALID", row: rows + 1, detail } };
  };
  const finish = (found: CsvPiece[]): void => {
    const line = [...cells, cell];
    cells = [];
    cell = "";
    quotes = "none";
    if (!began) return;
    began = false;
    const isHead =
      !headPassed &&
      line[0]
        ?.replace(/^\ufeff/, "")
        .trim()
        .toLowerCase() === "timestamp";
    headPassed = true;
    if (isHead) return;
    const piece = messageOf(line, ++rows);
    if (piece.kind === "fault") broken = true;
    found.push(piece);
  };
  const take = (letter: string, found: CsvPiece[]): void => {
    if (quotes === "inside") {
      if (letter === '"') quotes = "maybe closed";
      else cell += letter;
      return;
    }
    const followsReturn = wasCarriageReturn;
    wasCarriageReturn = letter === "\r";
    if (letter === "\n" && followsReturn) return;
    if (letter === "\n" || letter === "\r") return finish(found);
    began = true;
    if (letter === '"' && quotes === "maybe closed") {
      cell += '"';
      quotes = "inside";
    } else if (letter === ",") {
      cells.push(cell);
      cell = "";
      quotes = "none";
    } else if (quotes === "maybe closed") found.push(fault("text follows a closing quote"));
    else if (letter === '"' && cell === "") quotes = "inside";
    else cell += letter;
  };

  return {
    text(part) {
      const found: CsvPiece[] = [];
      for (const letter of part) {
        if (broken) break;
        take(letter, found);
        if (cell.length > MOST_FIELD) found.push(fault("a field is longer than 16 MiB; is a quote missing?"));
      }
      return found;
    },
    end() {
      const found: CsvPiece[] = [];
      if (broken) return found;
      if (quotes === "inside") return [fault("the file ends inside quotes")];
      finish(found);
      return found;
    },
  };
};
