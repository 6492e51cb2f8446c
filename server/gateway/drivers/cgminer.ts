/** Whatever else speaks cgminer's API on TCP 4028: read, and told what every child of cgminer can be told. */
import { askAll, rpcQuestions, rpcTaken } from "./asking.ts";
import { cannot, type Driver } from "./driver.ts";

export const cgminer: Driver = {
  format: "cgminer",
  claims: ({ version }) => (/"STATUS"|^STATUS=/.test(version) ? 10 : 0),
  usual: { username: "", password: "" },
  open: (link) => ({
    read: (depth) =>
      askAll(rpcQuestions(link, ["summary", "devs", "pools", "stats", ...(depth === "whole" ? ["version", "devdetails"] : [])])),
    tell: async (request) =>
      request.method === "reboot" ? rpcTaken(await link.rpc("restart"), "restart") : cannot("this cgminer", request),
  }),
};
