/** `npm run devices`: fake machines on loopback addresses, to try a gateway or any other client with. */
import { parseArgs } from "node:util";
import { loadScenario } from "../scenario-files.ts";
import { DIALECTS, openPark } from "./park.ts";
import { USUAL_PORTS } from "./serve.ts";

const HELP = `npm run devices -- [--rigs 20] [--first 127.10.0.1] [options]

Fake miners that answer like real ones, out of the simulated plant: Antminer (stock, Braiins OS, LuxOS, VNish), Whatsminer (API 2 and 3),
Avalon, Bitaxe. Each has an address of its own, from --first on.

  --rigs N --seed N --scenario NAME     as in npm run simulate; 20, 1, demo
  --dialect NAME                        all speak this one: ${Object.keys(DIALECTS).join(", ")}
  --latency MS                          mean time to answer; 20
  --cut, --silent, --reset SHARE        of answers that break off, never come, or are hung up on; 0
  --rpc-port, --framed-port, --web-port, --grpc-port N   4028, 4433, 80 and 50051 (ports below 1024 may need rights)
`;

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean" },
      rigs: { type: "string", default: "20" },
      first: { type: "string", default: "127.10.0.1" },
      seed: { type: "string", default: "1" },
      scenario: { type: "string", default: "demo" },
      dialect: { type: "string" },
      latency: { type: "string", default: "20" },
      cut: { type: "string", default: "0" },
      silent: { type: "string", default: "0" },
      reset: { type: "string", default: "0" },
      "rpc-port": { type: "string", default: String(USUAL_PORTS.rpc) },
      "framed-port": { type: "string", default: String(USUAL_PORTS.framed) },
      "web-port": { type: "string", default: String(USUAL_PORTS.web) },
      "grpc-port": { type: "string", default: String(USUAL_PORTS.grpc) },
    },
  });
  if (values.help === true) return console.log(HELP);
  const dialect = values.dialect === undefined ? undefined : DIALECTS[values.dialect];
  if (values.dialect !== undefined && dialect === undefined)
    throw new Error(`--dialect: there is no "${values.dialect}"; there are ${Object.keys(DIALECTS).join(", ")}`);
  if (!/^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(values.first))
    throw new Error(`--first: must be a loopback address like 127.10.0.1, is "${values.first}"`);
  const park = await openPark({
    rigs: Number(values.rigs),
    seed: Number(values.seed),
    scenario: loadScenario(values.scenario),
    firstHost: values.first,
    ports: {
      rpc: Number(values["rpc-port"]),
      framed: Number(values["framed-port"]),
      web: Number(values["web-port"]),
      grpc: Number(values["grpc-port"]),
    },
    manners: { latencyMs: Number(values.latency), cut: Number(values.cut), silent: Number(values.silent), reset: Number(values.reset) },
    now: Date.now,
    ...(dialect === undefined ? {} : { dialect }),
  });
  for (const { device, dialect: spoken } of park.served)
    console.log(`${device.host}  ${spoken.name.padEnd(12)} ${device.plan.identity.model ?? ""}  ${device.plan.rig}`);
  console.log("ready");
  const stop = (): void => void park.close().then(() => process.exit(0));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
};

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
