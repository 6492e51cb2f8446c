/** What a driver is: how one firmware is asked and told. Reading its answers is the parser's work (`server/twin/formats`). */
import type { AnyRequest } from "../../twin/command.ts";
import type { Credentials, HttpAnswer, HttpQuestion } from "../ask/http.ts";

/** A machine's answers by the name of the question, as they came. */
export type Answers = Readonly<Record<string, unknown>>;

/** The ways to one machine. Each throws NoAnswer. */
export interface Link {
  readonly host: string;
  /** cgminer's API in JSON; gives the text of the answer. */
  readonly rpc: (command: string, parameter?: string) => Promise<string>;
  /** Any JSON object on cgminer's port. */
  readonly rpcObject: (question: object) => Promise<string>;
  /** MicroBT's framed API of version 3. */
  readonly framed: (question: object) => Promise<string>;
  readonly http: (question: HttpQuestion) => Promise<HttpAnswer>;
  /** The same on cgminer's port, where ePIC serves it. */
  readonly httpOnRpc: (question: HttpQuestion) => Promise<HttpAnswer>;
  /** The gateway's clock, ms UTC. */
  readonly now: () => number;
}

/** What was seen at an address before anybody asked in earnest. */
export interface Evidence {
  readonly rpcOpen: boolean;
  readonly framedOpen: boolean;
  readonly webOpen: boolean;
  /** Answer to `version` on cgminer's port, "" where there is none. */
  readonly version: string;
  /** Answer to GET /, null where there is none. */
  readonly web: HttpAnswer | null;
}

/** `round`: what changes. `whole`: who it is and what changes rarely, too. */
export type Depth = "round" | "whole";

/** A conversation with one machine; keeps tokens and nonces. */
export interface Session {
  /** Throws NoAnswer where the machine tells nothing at all; what one question of several lost is left out. */
  readonly read: (depth: Depth) => Promise<Answers>;
  /** Carries out a command and gives what the machine said. Throws CannotDo for what this firmware has no way to do, Error for what failed. */
  readonly tell: (request: AnyRequest) => Promise<string>;
}

export interface Driver {
  /** Of the parser in server/twin/formats. */
  readonly format: string;
  /** How surely the evidence is of this firmware, 0 = not at all. */
  readonly claims: (seen: Evidence) => number;
  readonly usual: Credentials;
  readonly open: (link: Link, credentials: Credentials) => Session;
}

/** The firmware has no such thing; nothing was done. */
export class CannotDo extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CannotDo";
  }
}

/** For what a firmware has no way to do. */
export const cannot = (firmware: string, request: AnyRequest): never => {
  throw new CannotDo(`${firmware} has no command for ${request.method}.`);
};
