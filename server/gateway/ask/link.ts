/** The ways to one machine, with this gateway's ports and patience. */
import type { Link } from "../drivers/driver.ts";
import { askHttp } from "./http.ts";
import { askFramed, askText } from "./tcp.ts";

export interface Ports {
  /** cgminer's API. */
  readonly rpc: number;
  /** MicroBT's API 3. */
  readonly framed: number;
  readonly web: number;
}
export const USUAL_PORTS: Ports = { rpc: 4028, framed: 4433, web: 80 };

/** `timeoutMs` is for one question. */
export const createLink = (host: string, ports: Ports, timeoutMs: number, now: () => number): Link => {
  const rpcObject = (question: object): Promise<string> => askText(host, ports.rpc, JSON.stringify(question), { timeoutMs });
  return {
    host,
    now,
    rpcObject,
    rpc: (command, parameter) => rpcObject(parameter === undefined ? { command } : { command, parameter }),
    framed: (question) => askFramed(host, ports.framed, JSON.stringify(question), { timeoutMs }),
    http: (question) => askHttp(host, ports.web, question, timeoutMs),
    httpOnRpc: (question) => askHttp(host, ports.rpc, question, timeoutMs),
  };
};
