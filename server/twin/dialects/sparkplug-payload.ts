/** Sparkplug B's payload (Eclipse Sparkplug 3.0.0, 6.4; `sparkplug_b.proto`): metrics with names, aliases, types and units. */
import { bytesField, doubleOf, fieldsOf, floatOf, intField, textOf, type Field } from "./protobuf.ts";

export interface Metric {
  readonly name: string | null;
  readonly alias: bigint | null;
  /** ms UTC, null where the payload's is meant. */
  readonly timestamp: number | null;
  /** 6.4.16, 0 where it is not told. */
  readonly datatype: number;
  readonly isHistorical: boolean;
  /** null: the metric has no value now. What is no number, text or truth is undefined. */
  readonly value: number | string | boolean | null | undefined;
  /** Property `engUnit`, "" where there is none. */
  readonly unit: string;
}
export interface Payload {
  readonly timestamp: number | null;
  readonly seq: number | null;
  readonly metrics: readonly Metric[];
}

const BOOLEAN = 11;

const numberIn = (field: Field): number => Number(field.int);
/** Two's complement in as many bits as the type has. */
const signed = (value: bigint, datatype: number): number => {
  const bits = { 1: 8, 2: 16, 3: 32, 4: 64 }[datatype];
  return Number(bits === undefined ? value : BigInt.asIntN(bits, value));
};

const unitIn = (bytes: Uint8Array): string => {
  const fields = fieldsOf(bytes);
  const keys = fields.filter(({ number, wire }) => number === 1 && wire === 2).map((field) => textOf(field.bytes));
  const values = fields.filter(({ number, wire }) => number === 2 && wire === 2);
  const at = keys.findIndex((key) => /^(?:engUnit|Engineering ?Units?|unit)$/i.test(key));
  const value = values[at];
  if (value === undefined) return "";
  return textOf(fieldsOf(value.bytes).find(({ number, wire }) => number === 8 && wire === 2)?.bytes ?? new Uint8Array());
};

const metricOf = (bytes: Uint8Array): Metric => {
  const metric: { -readonly [Key in keyof Metric]: Metric[Key] } = {
    name: null,
    alias: null,
    timestamp: null,
    datatype: 0,
    isHistorical: false,
    value: undefined,
    unit: "",
  };
  let isNull = false;
  const fields = fieldsOf(bytes);
  for (const field of fields) if (field.number === 4 && field.wire === 0) metric.datatype = numberIn(field);
  for (const field of fields) {
    const { number, wire } = field;
    if (wire === 0) {
      if (number === 2) metric.alias = field.int;
      if (number === 3) metric.timestamp = numberIn(field);
      if (number === 5) metric.isHistorical = field.int !== 0n;
      if (number === 7) isNull = field.int !== 0n;
      if (number === 10 || number === 11) metric.value = signed(field.int, metric.datatype);
      if (number === 14) metric.value = field.int !== 0n;
    }
    if (wire === 5 && number === 12) metric.value = floatOf(field.bytes);
    if (wire === 1 && number === 13) metric.value = doubleOf(field.bytes);
    if (wire === 2) {
      if (number === 1) metric.name = textOf(field.bytes);
      if (number === 9) metric.unit = unitIn(field.bytes);
      if (number === 15) metric.value = textOf(field.bytes);
    }
  }
  return isNull ? { ...metric, value: null } : metric;
};

/** Reads a payload. Throws RangeError where the bytes are none. */
export const readPayload = (bytes: Uint8Array): Payload => {
  const fields = fieldsOf(bytes);
  const int = (wanted: number): number | null => {
    const found = fields.find(({ number, wire }) => number === wanted && wire === 0);
    return found === undefined ? null : numberIn(found);
  };
  return {
    timestamp: int(1),
    seq: int(3),
    metrics: fields.filter(({ number, wire }) => number === 2 && wire === 2).map((field) => metricOf(field.bytes)),
  };
};

/** The payload of NCMD that asks an edge node for its birth certificates (6.4.23, "Node Control/Rebirth"). */
export const rebirthPayload = (ts: number): Uint8Array =>
  Uint8Array.from([
    ...intField(1, BigInt(ts)),
    ...bytesField(2, [
      ...bytesField(1, "Node Control/Rebirth"),
      ...intField(3, BigInt(ts)),
      ...intField(4, BigInt(BOOLEAN)),
      ...intField(14, 1n),
    ]),
  ]);
