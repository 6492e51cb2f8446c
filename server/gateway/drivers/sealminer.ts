/** Bitdeer's Sealminer by cgminer's port, which tells all but its network. Read only. */
import { askAll, rpcQuestions } from "./asking.ts";
import { cannot, type Driver } from "./driver.ts";

export const sealminer: Driver = {
  format: "sealminer",
  claims: ({ version }) => (/bdminer/i.test(version) ? 92 : 0),
  usual: { username: "seal", password: "seal" },
  open: (link) => ({
    read: (depth) => askAll(rpcQuestions(link, ["summary", "stats", "pools", ...(depth === "whole" ? ["version", "devdetails"] : [])])),
    tell: async (request) => cannot("Sealminer's cgminer port", request),
  }),
};
