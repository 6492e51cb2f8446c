import { describe, expect, test } from "@jest/globals";
import { closedTo, pin, readAllowed, Unreachable, type Allowed } from "../../../server/edge/notify/guard.ts";

const none = readAllowed("") as Allowed;

describe("without leave", () => {
  test.each([
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.1.1",
    "169.254.1.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0:0:0:0:0:ffff:c0a8:0101",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "::127.0.0.1",
  ])("%s is not called", (address) => {
    expect(closedTo(address, address, none)).not.toBeNull();
  });
  test.each(["1.1.1.1", "8.8.8.8", "172.32.0.1", "192.169.0.1", "2606:4700::1111", "::ffff:1.1.1.1"])("%s is called", (address) => {
    expect(closedTo(address, address, none)).toBeNull();
  });
});

test("leave is for what is named, and for nothing beside it", () => {
  const allowed = readAllowed("192.168.1.0/24, 10.0.0.7, mail.lan, fd00::/8") as Allowed;
  const open = (address: string, host = address) => closedTo(host, address, allowed) === null;
  expect(["192.168.1.44", "10.0.0.7", "fd00::9", "::ffff:192.168.1.44"].map((address) => open(address))).toEqual([true, true, true, true]);
  expect(["192.168.2.1", "10.0.0.8", "127.0.0.1", "fe80::1"].map((address) => open(address))).toEqual([false, false, false, false]);
  expect(open("10.9.9.9", "mail.lan")).toBe(true);
  expect(open("10.9.9.9", "evil.lan")).toBe(false);
});

test.each(["169.254.169.254", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "fd00:ec2::254", "100.100.100.200"])(
  "the metadata service %s is never called, whatever is allowed",
  (address) => {
    const all = readAllowed("0.0.0.0/0,::/0,metadata.google.internal") as Allowed;
    expect(closedTo("metadata.google.internal", address, all)).toContain("never called");
  },
);

test.each(["10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/", "mail.lan/8", "a b", "fd00::/129"])("%s is no leave", (text) => {
  expect(readAllowed(text)).toBeNull();
});

test("a name of this machine is judged by its address; one that is not there is said to be not there", async () => {
  await expect(pin("localhost", none)).rejects.toThrow("NOTIFY_ALLOW");
  await expect(pin("[::1]", none)).rejects.toThrow(Unreachable);
  await expect(pin("nowhere.invalid", none)).rejects.toThrow("not found");
  expect(await pin("localhost", readAllowed("127.0.0.0/8,::1") as Allowed)).toMatchObject({
    address: expect.stringMatching(/^(127\.|::1)/),
  });
});
