/** What an account can be grouped by, apart from the accounts so that a browser need not load those. */
export const GROUPS = ["site", "container", "rack", "model", "rig"] as const;
export type Group = (typeof GROUPS)[number];
