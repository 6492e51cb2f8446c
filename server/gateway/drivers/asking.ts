/** What drivers share: asking several questions of which some may stay unanswered, and judging what a machine said to a command. */
import { NoAnswer } from "../ask/tcp.ts";
import type { HttpAnswer } from "../ask/http.ts";
import type { Answers, Link } from "./driver.ts";

/** Tiny web servers and single-threaded APIs are asked one question after the other. Throws the first NoAnswer where none was answered. */
export const askAll = async (questions: Readonly<Record<string, () => Promise<unknown>>>): Promise<Answers> => {
  const answers: Record<string, unknown> = {};
  let first: unknown = null;
  let dead = 0;
  for (const [name, ask] of Object.entries(questions)) {
    try {
      const answer = await ask();
      if (answer !== undefined) answers[name] = answer;
      dead = 0;
    } catch (error) {
      first ??= error;
      // one that hangs is not asked ten more times in the same round
      if (++dead >= 2) break;
    }
  }
  if (Object.keys(answers).length === 0) throw first instanceof Error ? first : new NoAnswer("nothing was answered", true);
  return answers;
};

/** Asks once more where the machine took the connection and dropped it. For questions only: an order might be carried out twice. */
const twice = async <T>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof NoAnswer && error.dropped) return ask();
    throw error;
  }
};

/** Questions in cgminer's API, `command` or `command parameter`. */
export const rpcQuestions = (link: Link, commands: readonly string[]): Record<string, () => Promise<unknown>> =>
  Object.fromEntries(
    commands.map((asked) => {
      const [command = "", ...parameter] = asked.split(" ");
      return [asked.replace(" ", "_"), () => twice(() => link.rpc(command, ...(parameter.length > 0 ? [parameter.join(" ")] : [])))];
    }),
  );

/** JSON where it is JSON, else the text: parsers mend what firmware breaks. */
export const bodyOf = (answer: HttpAnswer): unknown => {
  try {
    return JSON.parse(answer.text) as unknown;
  } catch {
    return answer.text;
  }
};

/** The body of a good answer; a page that is not there is no answer, and is left out. Throws for a refused login. */
export const goodBody = (answer: HttpAnswer): unknown => {
  if (answer.status === 401 || answer.status === 403) throw new NoAnswer(`the machine refuses the login (${answer.status})`, true);
  return answer.status >= 200 && answer.status < 300 ? bodyOf(answer) : undefined;
};

/** Throws where a web command was not taken. */
export const taken = (answer: HttpAnswer, what: string): string => {
  if (answer.status >= 200 && answer.status < 300) return `${what}: HTTP ${answer.status} ${answer.text.slice(0, 200)}`.trim();
  throw new Error(`${what}: HTTP ${answer.status} ${answer.text.slice(0, 200)}`.trim());
};

/** Throws where cgminer's API did not answer with success ("S") or information ("I"). */
export const rpcTaken = (text: string, what: string): string => {
  const status = /"STATUS"\s*:\s*"([A-Z])"/.exec(text)?.[1] ?? /^STATUS=([A-Z])/.exec(text)?.[1] ?? null;
  const words = /"Msg"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? text.slice(0, 200);
  if (status === "S" || status === "I") return `${what}: ${words}`;
  throw new Error(`${what}: ${words}`);
};

/** `stratum+tcp://host:port` with its scheme put before, where it has none. */
export const withScheme = (url: string): string => (url.includes("://") ? url : `stratum+tcp://${url}`);
/** By custom a pool's password means nothing. */
export const POOL_PASSWORD = "x";
