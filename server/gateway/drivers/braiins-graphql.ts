/** Braiins OS 21.09 to 25.05: GraphQL, behind a login that gives a cookie. */
import { askAll, goodBody } from "./asking.ts";
import { cannot, type Driver } from "./driver.ts";

const SOLVERS = `{bosminer{info{modelName workSolver{nominalMhs realHashrate{mhs5S mhs1M} childSolvers{name nominalMhs realHashrate{mhs5S mhs1M}
 hwDetails{chips frequencyMhz voltageV} temperatures{name degreesC}}} fans{name rpm speed} summary{power{approxConsumptionW limitW}}
 poolGroups{name pools{url user status active shares{acceptedSolutions rejectedSolutions staleSolutions}}}}}}`;
const WHO = "{bos{hostname uptime{durationS} info{modelName version{full}}}}";

export const braiinsGraphql: Driver = {
  format: "braiins-graphql",
  claims: ({ version, web }) => (/BOSminer|BOSer/i.test(version) && web !== null ? 82 : 0),
  usual: { username: "root", password: "root" },
  open: (link, { username, password }) => {
    let cookie = "";
    const ask = async (query: string): Promise<unknown> => {
      const answer = await link.http({ method: "POST", path: "/graphql", json: { query }, headers: cookie === "" ? {} : { cookie } });
      return goodBody(answer);
    };
    const login = async (): Promise<void> => {
      const query = `mutation{auth{login(username:${JSON.stringify(username)},password:${JSON.stringify(password)}){__typename}}}`;
      const answer = await link.http({ method: "POST", path: "/graphql", json: { query } });
      const set = answer.headers["set-cookie"];
      cookie = (Array.isArray(set) ? set[0] : typeof set === "string" ? set : "")?.split(";")[0] ?? "";
      if (cookie === "") throw new Error("the machine refuses the login");
    };
    const order = async (mutation: string): Promise<string> => {
      await login();
      const said = JSON.stringify(await ask(`mutation{${mutation}}`));
      if (said === undefined || /"errors"|Error"/.test(said)) throw new Error(said?.slice(0, 300) ?? "no answer");
      return said.slice(0, 300);
    };
    return {
      read: (depth) =>
        askAll({ solvers: () => ask(SOLVERS), who: () => ask(WHO), ...(depth === "whole" ? { version: () => link.rpc("version") } : {}) }),
      tell: (request) => {
        switch (request.method) {
          case "reboot":
            return order("bos{reboot{__typename}}");
          case "pause":
            return order("bosminer{stop{__typename}}");
          case "resume":
            return order("bosminer{start{__typename}}");
          case "locate":
            return order(`bos{setFaultLight(enable:${request.args.on}){__typename}}`);
          case "power-target":
          case "fan-mode":
          case "pools":
            return cannot("Braiins OS before 25.03", request);
        }
      },
    };
  },
};
