// Compiles the contracts and writes their ABI and bytecode as a typed constant. With --check it only says whether that file is current.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import solc from "solc";

const FOLDER = import.meta.dirname;
const OUTPUT = join(FOLDER, "abi.generated.ts");
const require = createRequire(import.meta.url);

const input = {
  language: "Solidity",
  sources: Object.fromEntries(
    readdirSync(FOLDER)
      .filter((name) => name.endsWith(".sol"))
      .sort()
      .map((name) => [name, { content: readFileSync(join(FOLDER, name), "utf8") }]),
  ),
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 200 },
    // Without the hash of the sources behind it the bytecode depends on the code alone.
    metadata: { appendCBOR: false, bytecodeHash: "none" },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
  },
};
const output = JSON.parse(
  solc.compile(JSON.stringify(input), { import: (path) => ({ contents: readFileSync(require.resolve(path), "utf8") }) }),
);
// A warning of ours stops the work; one of the library's is the library's.
const messages = (output.errors ?? []).filter(
  ({ severity, sourceLocation }) => severity === "error" || !sourceLocation?.file.startsWith("@"),
);
if (messages.length > 0) {
  console.error(messages.map(({ formattedMessage }) => formattedMessage).join("\n"));
  process.exit(1);
}
const contract = (name) => output.contracts[`${name}.sol`][name];
const constant = (name, value) => `export const ${name} = ${JSON.stringify(value)} as const;\n`;
const text = [
  `// Made by \`npm run contracts\` with solc ${solc.version()}; do not edit.\n`,
  constant("rigTwinAbi", contract("RigTwin").abi),
  constant("telemetryLogAbi", contract("TelemetryLog").abi),
  constant("rigTwinBytecode", `0x${contract("RigTwin").evm.bytecode.object}`),
].join("\n");

if (process.argv.includes("--check")) {
  const current = readFileSync(OUTPUT, "utf8");
  if (current !== text) {
    console.error("abi.generated.ts does not fit the contracts: run `npm run contracts`");
    process.exit(1);
  }
} else {
  writeFileSync(OUTPUT, text);
  const bytes = contract("RigTwin").evm.deployedBytecode.object.length / 2;
  console.log(`RigTwin ${bytes} bytes deployed (limit 24576), ${text.length} bytes written`);
}
