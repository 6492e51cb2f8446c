import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  defineChain,
  getContract,
  http,
  keccak256,
  parseEventLogs,
  toBytes,
  zeroHash,
  type Hex,
  type TransactionReceipt,
} from "viem";
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from "viem/accounts";
import { rigTwinAbi, rigTwinBytecode, telemetryLogAbi } from "../../server/contracts/abi.generated.ts";
import { RECORD_KINDS } from "../../server/twin/record.ts";
import { nodeWithin, ownFolder } from "../servers/chain.ts";

const DAY_S = 86_400;
/** Noon of a day far enough ahead of the real one that no block before it is younger. */
const START_S = (Math.floor(Date.now() / 1_000 / DAY_S) + 2) * DAY_S + DAY_S / 2;
const [admin, relayer, stranger] = [1, 2, 3].map(() => privateKeyToAccount(generatePrivateKey())) as [
  PrivateKeyAccount,
  PrivateKeyAccount,
  PrivateKeyAccount,
];
const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;
const [ACTIVE, MAINTENANCE, RETIRED, SUBSTITUTED] = [1, 2, 3, 4] as const;
const SITE = 'no"rth\\ \u0007\n</script>';
const MODEL = { name: 'S19 "Pro" \\ \t\u0001 π ✓', nominalGhs: 110_000n, nominalWatts: 3_250 };

const { folder, remove } = ownFolder("contract");
let node: Awaited<ReturnType<typeof nodeWithin>>;
beforeAll(async () => {
  node = await nodeWithin(folder);
  node.setClock(START_S);
});
afterAll(async () => {
  await node.stop();
  remove();
});

/** A contract of its own for a test, and what it is asked. */
const world = async () => {
  const chain = defineChain({
    id: 31_337,
    name: "local",
    nativeCurrency: { name: "x", symbol: "X", decimals: 18 },
    rpcUrls: { default: { http: [node.rpcUrl] } },
  });
  const transport = http(node.rpcUrl, { retryCount: 0, timeout: 120_000 });
  const client = createPublicClient({ chain, transport, cacheTime: 0 });
  const wallet = createWalletClient({ chain, transport });
  const farm = { site: SITE, link: "https://farm.example/twins/", image: "", trust: "self-reported", verifier: zeroHash };
  const deployed = await wallet.deployContract({
    account: relayer,
    abi: rigTwinAbi,
    bytecode: rigTwinBytecode,
    args: [admin.address, relayer.address, farm],
  });
  const address = (await client.getTransactionReceipt({ hash: deployed })).contractAddress as Hex;
  const twin = getContract({ address, abi: rigTwinAbi, client: { public: client, wallet } });
  const logAddress = await twin.read.telemetryLog();
  const log = getContract({ address: logAddress, abi: telemetryLogAbi, client: { public: client, wallet } });
  const done = async (sent: Promise<Hex>): Promise<TransactionReceipt> => client.getTransactionReceipt({ hash: await sent });
  const by = (account: PrivateKeyAccount) => ({ account, chain });
  let serial = 1;
  const register = (n: number): Promise<TransactionReceipt> => {
    const rigs = Array.from({ length: n }, () => ({
      serialHash: hash(serial),
      recordHash: hash(100_000 + serial++),
      commissionedAt: START_S - 100,
      model: 0,
    }));
    return done(twin.write.register([admin.address, [MODEL], rigs], by(relayer)));
  };
  return { client, address, twin, log, done, by, register, farm };
};
const namesOf = (receipt: TransactionReceipt): string[] =>
  parseEventLogs({ abi: rigTwinAbi, logs: receipt.logs }).map(({ eventName }) => eventName);

/** The contract's error by name, with its arguments. */
const refusalOf = async (sent: Promise<unknown>): Promise<string> => {
  try {
    await sent;
    return "accepted";
  } catch (error) {
    const revert = error instanceof BaseError ? error.walk((cause) => cause instanceof ContractFunctionRevertedError) : null;
    return revert instanceof ContractFunctionRevertedError
      ? `${revert.data?.errorName}(${(revert.data?.args ?? []).join(",")})`
      : String(error);
  }
};
const pageOf = (uri: string): Record<string, unknown> & { attributes: { trait_type: string; value: unknown }[] } => {
  expect(uri.startsWith("data:application/json;base64,")).toBe(true);
  return JSON.parse(Buffer.from(uri.slice(29), "base64").toString()) as never;
};
const traitsOf = (uri: string): Record<string, unknown> =>
  Object.fromEntries(pageOf(uri).attributes.map(({ trait_type, value }) => [trait_type, value]));

describe("registering", () => {
  test("numbers run from 1 without a gap; a serial number is taken once", async () => {
    const { twin, register, by, client } = await world();
    await register(1);
    const receipt = await register(99);
    expect(await twin.read.totalSupply()).toBe(100n);
    const events = parseEventLogs({ abi: rigTwinAbi, eventName: "RigRegistered", logs: receipt.logs });
    expect(events.map(({ args }) => Number(args.tokenId))).toEqual(Array.from({ length: 99 }, (_, i) => i + 2));
    for (const tokenId of [1, 50, 100]) {
      expect(await twin.read.tokenOfSerial([hash(tokenId)])).toBe(BigInt(tokenId));
      expect(await twin.read.ownerOf([BigInt(tokenId)])).toBe(admin.address);
    }
    expect(await twin.read.tokenOfSerial([hash(101)])).toBe(0n);
    const again = { serialHash: hash(50), recordHash: hash(9), commissionedAt: 1, model: 0 };
    expect(await refusalOf(twin.simulate.register([admin.address, [MODEL], [again]], by(relayer)))).toBe(`SerialTaken(${hash(50)},50)`);
    const twice = { ...again, serialHash: hash(777) };
    expect(
      await refusalOf(twin.simulate.register([admin.address, [MODEL], [twice, { ...twice, recordHash: hash(10) }]], by(relayer))),
    ).toContain("SerialTaken");
    expect(await twin.read.maintenanceOf([hash(100_050)])).toEqual([50n, await client.getBlockNumber(), BigInt(START_S - 100), 0]);
  });

  test("a batch is 1 to 100 machines, each with hashes and a model of the batch", async () => {
    const { twin, by } = await world();
    const rig = { serialHash: hash(1), recordHash: hash(2), commissionedAt: 1, model: 0 };
    const tried = (rigs: (typeof rig)[]): Promise<string> => refusalOf(twin.simulate.register([admin.address, [MODEL], rigs], by(relayer)));
    expect(await tried([])).toBe("BatchSize(0)");
    expect(await tried(Array.from({ length: 101 }, (_, i) => ({ ...rig, serialHash: hash(i + 1) })))).toBe("BatchSize(101)");
    expect(await tried([{ ...rig, serialHash: zeroHash }])).toBe("EmptyHash()");
    expect(await tried([{ ...rig, recordHash: zeroHash }])).toBe("EmptyHash()");
    expect(await tried([{ ...rig, model: 1 }])).toBe("UnknownModel(1)");
    expect(await tried([rig])).toBe("accepted");
  });

  test("the same model is kept once", async () => {
    const { twin, register } = await world();
    await register(2);
    await register(2);
    expect((await twin.read.models([0n]))[0]).toBe(MODEL.name);
    await expect(twin.read.models([1n])).rejects.toThrow();
  });
});

describe("roles", () => {
  test("each door opens to its own role only", async () => {
    const { twin, log, register, by, farm } = await world();
    await register(2);
    const rig = { serialHash: hash(500), recordHash: hash(501), commissionedAt: 1, model: 0 };
    const doors = (who: PrivateKeyAccount): Promise<unknown>[] => [
      twin.simulate.register([who.address, [MODEL], [rig]], by(who)),
      twin.simulate.recordMaintenance([1n, hash(9), 1, 5], by(who)),
      twin.simulate.recordMaintenances([[{ tokenId: 1n, recordHash: hash(9), kind: 1, performedAt: 5 }]], by(who)),
      twin.simulate.setStatus([1n, RETIRED, hash(1)], by(who)),
      twin.simulate.substitute([1n, 2n], by(who)),
      twin.simulate.setGatewayKey([hash(1), hash(2), 1, 2], by(who)),
      twin.simulate.setFarm([farm], by(who)),
      twin.simulate.setProperties([1n, "here", { currency: "USD", value: 5n }], by(who)),
      twin.simulate.grantRole([keccak256(toBytes("REGISTRAR")), who.address], by(who)),
      log.simulate.anchor([Math.floor(START_S / DAY_S) - 1, hash(1), hash(2), 0n, 0n], by(who)),
      twin.simulate.noteAnchor([5], by(who)),
    ];
    const outcomes = async (who: PrivateKeyAccount): Promise<string[]> =>
      (await Promise.all(doors(who).map(refusalOf))).map((text) => text.split("(")[0] as string);
    const no = "AccessControlUnauthorizedAccount";
    expect(await outcomes(stranger)).toEqual([no, no, no, no, no, no, no, no, no, "NotAnchorer", "NotTelemetryLog"]);
    expect(await outcomes(relayer)).toEqual([...Array<string>(6).fill("accepted"), no, no, no, "accepted", "NotTelemetryLog"]);
    expect(await outcomes(admin)).toEqual([no, no, no, no, no, no, "accepted", "accepted", "accepted", "NotAnchorer", "NotTelemetryLog"]);
  });

  test("a role that was taken away no longer opens", async () => {
    const { twin, register, by, done } = await world();
    await register(1);
    await done(twin.write.revokeRole([keccak256(toBytes("TECHNICIAN")), relayer.address], by(admin)));
    expect(await refusalOf(twin.simulate.recordMaintenance([1n, hash(9), 1, 5], by(relayer)))).toContain(
      "AccessControlUnauthorizedAccount",
    );
  });
});

describe("the service book", () => {
  test("a hash is recorded once; sent again it changes nothing and says nothing", async () => {
    const { twin, register, by, done, client } = await world();
    await register(2);
    const first = await done(twin.write.recordMaintenance([1n, hash(9), 3, 1_000], by(relayer)));
    expect(namesOf(first)).toEqual(["MaintenanceRecorded", "MetadataUpdate"]);
    const at = await client.getBlockNumber();
    const again = await done(twin.write.recordMaintenance([1n, hash(9), 3, 1_000], by(relayer)));
    const elsewhere = await done(twin.write.recordMaintenance([2n, hash(9), 8, 2_000], by(relayer)));
    for (const receipt of [again, elsewhere]) {
      expect(receipt.status).toBe("success");
      expect(receipt.logs).toEqual([]);
    }
    expect(await twin.read.maintenanceOf([hash(9)])).toEqual([1n, at, 1_000n, 3]);
    expect(await twin.read.maintenanceOf([hash(10)])).toEqual([0n, 0n, 0n, 0]);
    expect((await twin.read.rigOf([1n])).maintenanceCount).toBe(1);
    expect((await twin.read.rigOf([2n])).status).toBe(ACTIVE);
  });

  test("a batch may hold what is there already; a token that is not there stops it whole", async () => {
    const { twin, register, by, done } = await world();
    await register(2);
    const entry = (tokenId: bigint, n: number) => ({ tokenId, recordHash: hash(n), kind: 1, performedAt: n });
    await done(twin.write.recordMaintenances([[entry(1n, 20)]], by(relayer)));
    const receipt = await done(twin.write.recordMaintenances([[entry(1n, 20), entry(2n, 21), entry(1n, 22), entry(1n, 22)]], by(relayer)));
    expect(
      parseEventLogs({ abi: rigTwinAbi, eventName: "MaintenanceRecorded", logs: receipt.logs }).map(({ args }) => args.recordHash),
    ).toEqual([hash(21), hash(22)]);
    expect(await refusalOf(twin.simulate.recordMaintenances([[entry(1n, 30), entry(9n, 31)]], by(relayer)))).toBe(
      "ERC721NonexistentToken(9)",
    );
    expect(await refusalOf(twin.simulate.recordMaintenances([Array.from({ length: 101 }, (_, i) => entry(1n, 40 + i))], by(relayer)))).toBe(
      "BatchSize(101)",
    );
    expect((await twin.read.rigOf([1n])).lastServiceAt).toBe(22);
  });

  test("repair and retirement change the status, by the place of their kind in the published list", async () => {
    const { twin, register, by, done } = await world();
    await register(1);
    let n = 50;
    const tell = async (kind: (typeof RECORD_KINDS)[number]): Promise<number> => {
      await done(twin.write.recordMaintenance([1n, hash(n++), RECORD_KINDS.indexOf(kind), START_S], by(relayer)));
      return (await twin.read.rigOf([1n])).status;
    };
    expect(await tell("cleaning")).toBe(ACTIVE);
    expect(await tell("repair-sent")).toBe(MAINTENANCE);
    expect(await tell("repair-returned")).toBe(ACTIVE);
    expect(await tell("retired")).toBe(RETIRED);
    expect(await tell("repair-returned")).toBe(RETIRED);
    expect(await refusalOf(twin.simulate.setStatus([1n, ACTIVE, hash(1)], by(relayer)))).toBe(`WrongStatus(1,${RETIRED},${ACTIVE})`);
  });
});

describe("lifecycle", () => {
  test("a substituted machine ends and names the other; nothing is burned", async () => {
    const { twin, register, by, done } = await world();
    await register(2);
    expect(await refusalOf(twin.simulate.substitute([1n, 1n], by(relayer)))).toContain("WrongStatus");
    expect(await refusalOf(twin.simulate.substitute([1n, 7n], by(relayer)))).toBe("ERC721NonexistentToken(7)");
    const receipt = await done(twin.write.substitute([1n, 2n], by(relayer)));
    expect(namesOf(receipt)).toEqual(["RigStatusChanged", "MetadataUpdate", "RigSubstituted"]);
    expect((await twin.read.rigOf([1n])).status).toBe(SUBSTITUTED);
    expect(traitsOf(await twin.read.tokenURI([1n]))).toMatchObject({ Status: "substituted", "Substituted by": 2 });
    expect(await twin.read.ownerOf([1n])).toBe(admin.address);
    expect(await refusalOf(twin.simulate.substitute([2n, 1n], by(relayer)))).toContain("WrongStatus");
    for (const to of [0, SUBSTITUTED])
      expect(await refusalOf(twin.simulate.setStatus([2n, to, hash(1)], by(relayer)))).toContain("WrongStatus");
    expect(rigTwinAbi.some((item) => "name" in item && /burn/i.test(item.name))).toBe(false);
  });

  test("how many served is known for each day that was", async () => {
    const { twin, register, by, done } = await world();
    const day = Math.floor(START_S / DAY_S);
    const base = START_S + 10 * DAY_S;
    node.setClock(base);
    await register(3);
    node.setClock(base + DAY_S);
    await register(2);
    await done(twin.write.setStatus([1n, RETIRED, hash(1)], by(relayer)));
    await done(twin.write.setStatus([2n, MAINTENANCE, hash(1)], by(relayer)));
    node.setClock(base + 3 * DAY_S);
    await done(twin.write.substitute([2n, 3n], by(relayer)));
    const counts = await Promise.all([9, 10, 11, 12, 13, 99].map((n) => twin.read.activeOn([day + n])));
    expect(counts).toEqual([0n, 3n, 4n, 4n, 3n, 3n]);
  });
});

describe("the log of days", () => {
  test("each day once, in order, when it is over, with as many leaves as machines", async () => {
    const { log, twin, register, by, done, client } = await world();
    const startS = Number((await client.getBlock()).timestamp) + DAY_S;
    node.setClock(startS);
    const day = Math.floor(startS / DAY_S);
    await register(3);
    const anchor = (on: number, size: bigint) => [on, hash(1), hash(2), size, 864n] as const;
    const tried = (on: number, size: bigint): Promise<string> => refusalOf(log.simulate.anchor([...anchor(on, size)], by(relayer)));
    expect(await tried(day, 3n)).toBe(`DayNotOver(${day})`);
    node.setClock(startS + DAY_S);
    await register(1);
    expect(await tried(day, 2n)).toBe("WrongTreeSize(2,3)");
    expect(await tried(day, 4n)).toBe("WrongTreeSize(4,3)");
    const receipt = await done(log.write.anchor([...anchor(day, 3n)], by(relayer)));
    expect(namesOf(receipt)).toEqual(["BatchMetadataUpdate"]);
    expect(parseEventLogs({ abi: telemetryLogAbi, logs: receipt.logs }).map(({ eventName }) => eventName)).toEqual(["TelemetryAnchored"]);
    expect(parseEventLogs({ abi: rigTwinAbi, eventName: "BatchMetadataUpdate", logs: receipt.logs })[0]?.args).toEqual({
      _fromTokenId: 1n,
      _toTokenId: 4n,
    });
    node.setClock(startS + 5 * DAY_S);
    await register(1);
    expect(await tried(day, 3n)).toBe(`DayNotNext(${day},${day + 1})`);
    expect(await tried(day + 2, 4n)).toBe(`DayNotNext(${day + 2},${day + 1})`);
    await done(log.write.anchor([...anchor(day + 1, 4n)], by(relayer)));
    expect([await log.read.firstDay(), await log.read.lastDay(), await twin.read.lastAnchoredDay()]).toEqual([day, day + 1, day + 1]);
    expect(await log.read.anchorOf([BigInt(day)])).toMatchObject({ root: hash(1), manifestHash: hash(2), treeSize: 3n, readings: 864n });
    expect((await log.read.anchorOf([BigInt(day + 2)])).anchoredAt).toBe(0n);
    expect(traitsOf(await twin.read.tokenURI([1n]))).toMatchObject({ "Last anchored day": (day + 1) * DAY_S });
  });

  test("a correction stands beside what it corrects", async () => {
    const { log, by, done, client } = await world();
    const day = Math.floor(Number((await client.getBlock()).timestamp) / DAY_S) - 1;
    expect(await refusalOf(log.simulate.correct([day, hash(5), hash(6), 1n, hash(7)], by(relayer)))).toBe(`DayNotAnchored(${day})`);
    await done(log.write.anchor([day, hash(1), hash(2), 0n, 0n], by(relayer)));
    await done(log.write.correct([day, hash(5), hash(6), 1n, hash(7)], by(relayer)));
    const second = await done(log.write.correct([day, hash(8), hash(6), 2n, hash(9)], by(relayer)));
    expect(parseEventLogs({ abi: telemetryLogAbi, eventName: "TelemetryCorrected", logs: second.logs })[0]?.args).toMatchObject({
      oldRoot: hash(5),
      newRoot: hash(8),
    });
    expect((await log.read.anchorOf([BigInt(day)])).root).toBe(hash(1));
    expect((await log.read.correctionsOf([BigInt(day)])).map(({ root, reasonHash }) => [root, reasonHash])).toEqual([
      [hash(5), hash(7)],
      [hash(8), hash(9)],
    ]);
    expect(await refusalOf(log.simulate.correct([day, hash(5), hash(6), 1n, hash(7)], by(stranger)))).toContain("NotAnchorer");
  });
});

describe("what wallets read", () => {
  test("a page is JSON whatever the names are, and tells what the contract keeps", async () => {
    const { twin, register, by, done } = await world();
    await register(1);
    await done(twin.write.recordMaintenance([1n, hash(9), 2, START_S], by(relayer)));
    const uri = await twin.read.tokenURI([1n]);
    expect(pageOf(uri)).toMatchObject({ name: `${MODEL.name} #1`, external_url: "https://farm.example/twins/1" });
    expect(pageOf(uri).description).toContain(SITE);
    expect(traitsOf(uri)).toEqual({
      Model: MODEL.name,
      Status: "active",
      Site: SITE,
      "Trust level": "self-reported",
      "Serial hash": hash(1),
      "Maintenance count": 1,
      Commissioned: START_S - 100,
      "Last service": START_S,
      "Nominal TH/s": 110,
      "Nominal W/TH": 29.5,
    });
    await expect(twin.read.tokenURI([2n])).rejects.toThrow("ERC721NonexistentToken");
  });

  test("the collection's page is renewed with an event", async () => {
    const { twin, register, by, done, farm } = await world();
    await register(2);
    expect(pageOf(await twin.read.contractURI())).toMatchObject({ name: "Rigtwin", external_link: farm.link, schema: "rigtwin/v1" });
    const receipt = await done(
      twin.write.setFarm([{ ...farm, site: "south", image: "https://farm.example/i.png", verifier: hash(77) }], by(admin)),
    );
    expect(namesOf(receipt)).toEqual(["ContractURIUpdated", "BatchMetadataUpdate"]);
    expect(pageOf(await twin.read.contractURI())).toMatchObject({ image: "https://farm.example/i.png", verifierSha256: hash(77) });
    expect(pageOf(await twin.read.tokenURI([2n]))).toMatchObject({ image: "https://farm.example/i.png" });
  });

  test("interfaces are told: ERC-165, 721, 721 metadata, 4906, access control, 7572, 7578", async () => {
    const { twin } = await world();
    const ids = ["0x01ffc9a7", "0x80ac58cd", "0x5b5e139f", "0x49064906", "0x7965db0b", "0xe8a3d485", "0xffffffff"] as const;
    expect(await Promise.all(ids.map((id) => twin.read.supportsInterface([id])))).toEqual([true, true, true, true, true, true, false]);
    expect(await twin.read.supportsInterface([keccak256(toBytes("getPropertiesOf(uint256)")).slice(0, 10) as Hex])).toBe(true);
  });

  test("ERC-7578: the farm's properties, and a machine's own place and value", async () => {
    const { twin, register, by, done } = await world();
    await register(2);
    const farm = {
      tokenIssuer: "Farm Ltd",
      assetHolder: "Farm Ltd",
      storageLocation: "hall 1",
      terms: "ipfs://x",
      jurisdiction: "CH",
      declaredValue: { currency: "USD", value: 0n },
    };
    await done(twin.write.setFarmProperties([farm], by(admin)));
    const receipt = await done(twin.write.setProperties([2n, "hall 2", { currency: "EUR", value: 900n }], by(admin)));
    expect(namesOf(receipt)).toEqual(["PropertiesSet"]);
    expect(await twin.read.getPropertiesOf([1n])).toEqual(farm);
    expect(await twin.read.getPropertiesOf([2n])).toEqual({
      ...farm,
      storageLocation: "hall 2",
      declaredValue: { currency: "EUR", value: 900n },
    });
    expect((await twin.read.getPropertiesOf([3n])).tokenIssuer).toBe("");
  });

  test("a gateway's key of any day: the newest entry whose window holds", async () => {
    const { twin, by, done } = await world();
    const gateway = hash(1);
    await done(twin.write.setGatewayKey([gateway, hash(11), 100, 200], by(relayer)));
    await done(twin.write.setGatewayKey([gateway, hash(12), 150, 300], by(relayer)));
    await done(twin.write.setGatewayKey([gateway, zeroHash, 180, 190], by(relayer)));
    const keys = await Promise.all(
      [99, 100, 149, 150, 179, 180, 189, 190, 299, 300].map((time) => twin.read.gatewayKeyAt([gateway, time])),
    );
    expect(keys).toEqual([0, 11, 11, 12, 12, 0, 0, 12, 12, 0].map(hash));
    expect(await twin.read.gatewayKeyAt([hash(2), 150])).toBe(zeroHash);
    expect(await refusalOf(twin.simulate.setGatewayKey([gateway, hash(1), 5, 5], by(relayer)))).toBe("EmptyWindow(5,5)");
  });
});
