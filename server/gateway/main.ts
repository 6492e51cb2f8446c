/** `npm run gateway`: runs until it is told to stop. */
import { ArgumentsInvalid, argumentsOf, HELP } from "./arguments.ts";
import { createGateway } from "./gateway.ts";

const say = (text: string): void => console.log(`${new Date().toISOString().slice(0, 19)}Z  ${text}`);
const complain = (text: string): void => console.error(`${new Date().toISOString().slice(0, 19)}Z  ${text}`);

const main = async (): Promise<void> => {
  const argv = process.argv.slice(2);
  if (argv.includes("--help")) return console.log(HELP);
  const given = argumentsOf(argv, process.env);
  const gateway = createGateway(given, say, complain);
  const stop = (): void => {
    setTimeout(() => process.exit(1), 10_000).unref();
    void gateway.stop().then(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  say(`gateway ${given.name} of site ${given.site}`);
  say(`give the server its key: GATEWAY_KEYS=${given.name}:${gateway.publicKey}`);
  gateway.start();
};

main().catch((error: unknown) => {
  console.error(error instanceof ArgumentsInvalid ? `${error.message}\n\n${HELP}` : error);
  process.exit(error instanceof ArgumentsInvalid ? 2 : 1);
});
