/** The mock by hand: `node build/mock.js [port] [rigs]`, beside a built dashboard. */
import { startMock } from "./server.ts";

const [port = "8080", rigs = "288"] = process.argv.slice(2);
const mock = await startMock({
  port: Number(port),
  rigs: Number(rigs),
  now: Date.now,
  files: `${process.cwd()}/build/dashboard`,
  ...(process.env["PASSWORD"] ? { password: process.env["PASSWORD"] } : {}),
});
process.stdout.write(`${mock.url}\n`);
