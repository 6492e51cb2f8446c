import { execFileSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { rigTwinBytecode } from "../../server/contracts/abi.generated.ts";

describe("the generated ABI", () => {
  test("fits the contracts as they are now", () => {
    const check = (): string =>
      execFileSync(process.execPath, ["server/contracts/compile.mjs", "--check"], { encoding: "utf8", stdio: "pipe" });
    expect(check).not.toThrow();
  }, 120_000);

  test("the contract may be deployed: EIP-170 and EIP-3860 limits", () => {
    const initCodeBytes = (rigTwinBytecode.length - 2) / 2;
    expect(initCodeBytes).toBeLessThanOrEqual(49_152);
  });
});
