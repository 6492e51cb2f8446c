/** What one line of the table of routes says. */
import type { Request, Response } from "express";
import type { z } from "zod";
import type { Code } from "../../twin/refusal.ts";
import type { Principal } from "../../twin/rights.ts";
import type { Gate } from "./gate.ts";
import type { Handlers, Maybe } from "./handlers.ts";

type Frozen<T> = T extends readonly (infer E)[] ? readonly Frozen<E>[] : T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;
type Read<S> = S extends z.ZodType ? z.output<S> : null;
/** What a handler gives so that its JSON fits the schema. */
type Given<S> = S extends z.ZodType ? Frozen<z.input<S>> : unknown;

/** What a route gives that has written its answer itself. */
export const SENT: unique symbol = Symbol("sent");

/** What a few routes need besides the handlers. */
export interface Around {
  readonly request: Request;
  readonly response: Response;
  readonly gate: Gate;
  /** Who asks, null for nobody in particular. */
  readonly principal: Principal | null;
  readonly document: object;
  readonly page: string;
  readonly metrics: () => Promise<string>;
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
  /** How long an answer in pieces may take to its first, ms. */
  readonly beginMs: number;
  readonly onFault: (error: unknown) => void;
}

export interface Asked<P, Q, B> {
  readonly params: Read<P>;
  readonly query: Read<Q>;
  readonly body: Read<B>;
}

interface Says {
  /** Name of the operation, unique; rights.ts says who may do it. */
  readonly id: string;
  readonly method: "get" | "post" | "patch" | "delete";
  /** From wire.ts. */
  readonly path: string;
  readonly group: "Site" | "Rigs" | "Records" | "Alarms" | "Commands" | "Maintenance" | "System" | "Access";
  readonly summary: string;
  readonly more?: string;
  readonly status: 200 | 201 | 204;
  /** Of an answer that is not JSON; several where the caller chooses. */
  readonly media?: string | readonly string[];
  /** The body is a file of one of these kinds, as it is; `request.body` is its bytes. */
  readonly upload?: { readonly media: readonly string[]; readonly bytes: number };
  /** Of the present also for who looks at a replay: somebody says now what they think of then. */
  readonly present?: true;
  /** Work that only a few callers may have done at once; the others wait a little or are told to come again. */
  readonly heavy?: true;
  /** Codes of this route besides those that any route may give. */
  readonly refuses: readonly Code[];
  /** A request that works, for the reference. */
  readonly example: {
    readonly params?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
}

export interface Route extends Says {
  readonly params: z.ZodObject | null;
  readonly query: z.ZodObject | null;
  readonly body: z.ZodType | null;
  /** Of the JSON answer; null where there is none. */
  readonly answer: z.ZodType | null;
  readonly run: (handlers: Handlers, asked: Asked<z.ZodType, z.ZodType, z.ZodType>, around: Around) => unknown;
}

/** Writes one line; the types of `run` follow from the schemas. */
export const route = <P extends z.ZodObject | null, Q extends z.ZodObject | null, B extends z.ZodType | null, A extends z.ZodType | null>(
  line: Says & {
    readonly params: P;
    readonly query: Q;
    readonly body: B;
    readonly answer: A;
    readonly run: (handlers: Handlers, asked: Asked<P, Q, B>, around: Around) => Maybe<Given<A> | typeof SENT>;
  },
): Route => line as Route;
