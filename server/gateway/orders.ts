/** Commands as they come from the broker, carried out once each, in the order of arrival for each machine. */
import {
  commandTopic,
  expiryOf,
  readRequest,
  responseBytes,
  responseTopicOf,
  type AnyRequest,
  type CommandResponse,
  type ResponseStatus,
} from "../twin/command.ts";
import { CannotDo } from "./drivers/driver.ts";

export interface OrdersNeeds {
  readonly site: string;
  readonly now: () => number;
  /** Whether the rig is one of this gateway's. */
  readonly mine: (rig: string) => boolean;
  /** Gives what the machine said. */
  readonly tell: (rig: string, request: AnyRequest) => Promise<string>;
  readonly respond: (topic: string, payload: Uint8Array) => void;
  /** What was answered before, oldest first, and where it is kept. */
  readonly before: readonly Answered[];
  readonly keep: (answered: readonly Answered[]) => void;
}

export interface Answered {
  readonly key: string;
  readonly response: CommandResponse;
}

/** Ids remembered; QoS 1 brings a message again within minutes, not days. */
const MOST_REMEMBERED = 1_000;

export const createOrders = (needs: OrdersNeeds) => {
  const answered = new Map(needs.before.map(({ key, response }) => [key, response]));
  const turns = new Map<string, Promise<void>>();
  const running = new Set<string>();

  const remember = (key: string, response: CommandResponse): void => {
    answered.delete(key);
    answered.set(key, response);
    for (const oldest of answered.keys()) {
      if (answered.size <= MOST_REMEMBERED) break;
      answered.delete(oldest);
    }
    needs.keep([...answered].map(([name, told]) => ({ key: name, response: told })));
  };

  const carryOut = async (rig: string, request: AnyRequest, answer: (status: ResponseStatus, detail: string) => void): Promise<void> => {
    // it may have waited for its turn behind a slow one
    const late = expiryOf(request, needs.now());
    if (late !== null) return answer("expired", late);
    try {
      answer("succeeded", await needs.tell(rig, request));
    } catch (error) {
      answer(error instanceof CannotDo ? "refused" : "failed", error instanceof Error ? error.message : String(error));
    }
  };

  return {
    /** Takes a message of a command's topic; others are not its business. Never throws. */
    receive(topic: string, payload: Uint8Array): void {
      const read = commandTopic(topic);
      if ("code" in read || read.isResponse || read.site !== needs.site || !needs.mine(read.rig)) return;
      const { rig, method } = read;
      const request = readRequest(method, payload);
      // without an id there is nobody to answer
      if ("code" in request) return;
      const key = `${rig}/${method}/${request.id}`;
      const answer = (status: ResponseStatus, detail: string): void => {
        const response: CommandResponse = { id: request.id, ts: needs.now(), status, detail };
        remember(key, response);
        needs.respond(responseTopicOf(needs.site, rig, method), responseBytes(response));
      };
      const known = answered.get(key);
      if (known !== undefined) {
        if (known.status === "accepted" && !running.has(key))
          return answer(
            "failed",
            "The gateway was restarted while it carried this out; whether the machine took it shows in its readings.",
          );
        return needs.respond(responseTopicOf(needs.site, rig, method), responseBytes(known));
      }
      const late = expiryOf(request, needs.now());
      if (late !== null) return answer("expired", late);
      running.add(key);
      answer("accepted", "");
      const turn = (turns.get(rig) ?? Promise.resolve()).then(() => carryOut(rig, request, answer)).finally(() => running.delete(key));
      turns.set(rig, turn);
      void turn.finally(() => {
        if (turns.get(rig) === turn) turns.delete(rig);
      });
    },
    idle: (): Promise<unknown> => Promise.all(turns.values()),
  };
};
