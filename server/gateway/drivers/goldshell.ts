/** Goldshell on HTTP `/mcb`, behind a login that gives a token; cgminer's sections are asked through it. Read only. */
import { askAll, goodBody } from "./asking.ts";
import { cannot, type Driver } from "./driver.ts";

export const goldshell: Driver = {
  format: "goldshell",
  claims: ({ version, web }) =>
    /goldshell|intchains_qomo|kdaminer/i.test(version) ? 90 : /cloud-box|goldshell/i.test(web?.text ?? "") ? 88 : 0,
  usual: { username: "admin", password: "123456789" },
  open: (link, { username, password }) => {
    let token: string | null = null;
    const login = async (): Promise<void> => {
      const query = `username=${encodeURIComponent(username)}&password=${encodeURIComponent(password)}&cipher=false`;
      const said = goodBody(await link.http({ path: `/user/login?${query}` }));
      token = typeof said === "object" && said !== null && "JWT Token" in said ? String(said["JWT Token"]) : "";
    };
    const page = (path: string) => async (): Promise<unknown> => {
      if (token === null) await login();
      const ask = () => link.http({ path: `/mcb/${path}`, headers: { authorization: `Bearer ${token ?? ""}` } });
      const first = await ask();
      if (first.status !== 401) return goodBody(first);
      await login();
      return goodBody(await ask());
    };
    return {
      read: (depth) =>
        askAll({
          devs: page("cgminer?cgminercmd=devs"),
          summary: page("cgminer?cgminercmd=summary"),
          pools: page("pools"),
          status: page("status"),
          ...(depth === "whole" ? { setting: page("setting"), devdetails: page("cgminer?cgminercmd=devdetails") } : {}),
        }),
      tell: async (request) => cannot("Goldshell's firmware", request),
    };
  },
};
