/** Commands that need no more than a choice; the others need arguments that the API takes. */
export const SIMPLE = ["pause", "resume", "reboot", "locate"] as const;
export type Simple = (typeof SIMPLE)[number];
export const argsOf = (method: Simple): object => (method === "locate" ? { on: true, forS: 600 } : {});
