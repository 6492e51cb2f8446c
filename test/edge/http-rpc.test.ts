import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Refused } from "../../server/twin/refusal.ts";
import { ROUTES } from "../../server/twin/wire.ts";
import { RPC_METHODS } from "../../server/edge/http/rpc.ts";
import { farm, post, startHttp, stopAll, type Started } from "./http/farm.ts";

let http: Started;
beforeAll(async () => {
  http = await startHttp();
});
beforeEach(() => void http.calls.rpc.splice(0));
afterAll(stopAll);

interface Answer {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}
const call = async (method: string, params: unknown[] = [], id: unknown = 1): Promise<Answer> => {
  const heard = await post(http.port, ROUTES.rpc, { jsonrpc: "2.0", id, method, params });
  expect(heard.status).toBe(200);
  return heard.json() as Answer;
};
const asked = (): string[] => http.calls.rpc.map(({ method }) => method);

describe("JSON-RPC", () => {
  test("the list of methods is this, and each is passed on as it came", async () => {
    const params: Record<string, unknown[]> = {
      eth_call: [{ to: "0x1", data: "0x" }, "latest"],
      eth_getLogs: [{ fromBlock: "0x0", toBlock: "0x5" }],
    };
    const methods = [
      "eth_call",
      "eth_chainId",
      "eth_blockNumber",
      "eth_getBlockByNumber",
      "eth_getBlockByHash",
      "eth_getLogs",
      "eth_getCode",
      "eth_getTransactionReceipt",
      "eth_getTransactionByHash",
      "net_version",
    ];
    expect(Object.keys(RPC_METHODS)).toEqual(methods);
    for (const method of methods)
      expect(await call(method, params[method] ?? ["0x1"], "seven")).toEqual({ jsonrpc: "2.0", id: "seven", result: "0xc" });
    expect(http.calls.rpc.map((one) => [one.method, one.params])).toEqual(methods.map((method) => [method, params[method] ?? ["0x1"]]));
  });

  test.each([
    "eth_sendRawTransaction",
    "eth_sendTransaction",
    "eth_sign",
    "eth_accounts",
    "eth_estimateGas",
    "eth_newFilter",
    "eth_subscribe",
    "eth_getProof",
    "debug_traceTransaction",
    "admin_peers",
    "personal_unlockAccount",
    "anvil_setBalance",
    "evm_mine",
    "ETH_CALL",
    "__proto__",
    "constructor",
    "toString",
    "",
  ])("%s is not answered and not passed on", async (method) => {
    expect((await call(method)).error?.code).toBe(-32601);
    expect(asked()).toEqual([]);
  });

  test.each([
    ["no call object", [], -32602],
    ["a text for a call", ["0x1"], -32602],
    ["state overrides", [{ to: "0x1" }, "latest", { "0x1": { balance: "0xff" } }], -32602],
    ["the gas of a thousand blocks", [{ to: "0x1", gas: "0xffffffff" }, "latest"], -32602],
    ["gas that is no number", [{ to: "0x1", gas: 5 }, "latest"], -32602],
  ])("eth_call with %s is refused", async (_what, params, code) => {
    expect((await call("eth_call", params)).error?.code).toBe(code);
    expect(asked()).toEqual([]);
  });

  test.each([
    ["ten thousand blocks", { fromBlock: "0x1", toBlock: "0x2710" }, null],
    ["one more", { fromBlock: "0x1", toBlock: "0x2711" }, -32005],
    ["the beginning to a number too far", { fromBlock: "earliest", toBlock: "0xffffff" }, -32005],
    ["a number to the newest", { fromBlock: "0x1" }, null],
    ["the newest only", {}, null],
    ["one block by its hash", { blockHash: "0x12" }, null],
    ["a number in decimals", { fromBlock: 1 }, -32602],
    ["a tag that nobody knows", { fromBlock: "first" }, -32602],
    ["a number without end", { fromBlock: `0x${"f".repeat(64)}` }, -32602],
  ])("eth_getLogs over %s", async (_what, filter, code) => {
    expect((await call("eth_getLogs", [filter])).error?.code ?? null).toBe(code);
    expect(asked().includes("eth_getLogs")).toBe(code === null);
  });

  test("a batch is answered in its order, each call for itself", async () => {
    const batch = [
      { jsonrpc: "2.0", id: 1, method: "eth_chainId" },
      { jsonrpc: "2.0", id: "b", method: "eth_sign", params: [] },
      { jsonrpc: "2.0", method: "net_version" },
    ];
    const answers = (await post(http.port, ROUTES.rpc, batch)).json() as Answer[];
    expect(answers.map(({ id, result, error }) => [id, result ?? error?.code])).toEqual([
      [1, "0xc"],
      ["b", -32601],
      [null, "0xc"],
    ]);
  });

  test.each([
    ["an empty batch", []],
    ["twenty-one calls", Array.from({ length: 21 }, (_, id) => ({ jsonrpc: "2.0", id, method: "eth_chainId", params: [] }))],
    ["another version", { jsonrpc: "1.0", id: 1, method: "eth_chainId", params: [] }],
    ["parameters by name", { jsonrpc: "2.0", id: 1, method: "eth_chainId", params: {} }],
    ["no method", { jsonrpc: "2.0", id: 1 }],
    ["a text", "eth_chainId"],
  ])("%s is no request", async (_what, body) => {
    expect((await post(http.port, ROUTES.rpc, body)).code()).toBe("REQUEST_INVALID");
    expect(asked()).toEqual([]);
  });

  test("a chain that is away, a chain that says no, and a fault of ours", async () => {
    const answering = async (rpc: ReturnType<typeof farm>["rpc"]): Promise<{ readonly answer: Answer; readonly started: Started }> => {
      const started = await startHttp({ handlers: { ...farm(), rpc } });
      const heard = await post(started.port, ROUTES.rpc, { jsonrpc: "2.0", id: 9, method: "eth_getLogs", params: [{}] });
      return { answer: heard.json() as Answer, started };
    };
    expect((await answering(() => Promise.reject(new Refused("CHAIN_UNAVAILABLE", "away")))).answer).toEqual({
      jsonrpc: "2.0",
      id: 9,
      error: { code: -32002, message: "away", data: { code: "CHAIN_UNAVAILABLE" } },
    });
    const no = await answering(({ id }) => Promise.resolve({ jsonrpc: "2.0", id, error: { code: 3, message: "execution reverted" } }));
    expect(no.answer.error?.data).toEqual({ code: "CHAIN_UNAVAILABLE" });
    const broken = await answering(() => Promise.reject(new Error("secret")));
    expect(broken.answer.error).toEqual({ code: -32603, message: "Something went wrong in the server." });
    expect(broken.started.faults).toHaveLength(1);
  });
});
