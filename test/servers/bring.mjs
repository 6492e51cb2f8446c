// Installs what the tests talk to from the distribution, where this is Debian or Ubuntu and we may; else says what will be skipped.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { findItself, PROGRAMS, variableOf } from "./programs.mjs";

const POLICY = "/usr/sbin/policy-rc.d";

const distribution = () => {
  try {
    return /^ID=(.*)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1]?.replaceAll('"', "") ?? "";
  } catch {
    return process.platform;
  }
};

const apt = (...args) => {
  const { status } = spawnSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=120", ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 600_000,
  });
  return status === 0;
};

/** Debian starts a service as soon as it is installed, and at each boot; the tests start their own, so nothing may be left running. */
const withoutServices = (work) => {
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    work();
  } finally {
    if (ours) rmSync(POLICY, { force: true });
  }
};

/** Ubuntu's `chromium-browser` is only a note that there is a snap: it is there and does not run. */
const isStub = (path) => spawnSync(path, ["--version"], { timeout: 30_000, stdio: "ignore" }).status !== 0;

/**
 * Gives the programs that are still missing, and the variables that tell the tests so.
 * Changes the system only as root on Debian or Ubuntu, and only by packages that are missing.
 */
export const bringPrograms = (say) => {
  const isMissing = (program) => {
    const path = findItself(program);
    return path === null || (program === "chromium" && isStub(path));
  };
  const wanted = Object.keys(PROGRAMS).filter(isMissing);
  const system = distribution();
  const may = (system === "debian" || system === "ubuntu") && process.getuid?.() === 0;
  // A place that was named is a decision; installing another one would not change it.
  const isOpen = (program) => process.env[variableOf(program)] === undefined && !(system === "ubuntu" && program === "chromium");
  const packages = may ? wanted.filter(isOpen) : [];
  if (packages.length > 0) {
    say(`Installing for the tests: ${packages.map((program) => PROGRAMS[program].debian).join(", ")} …`);
    withoutServices(() => {
      if (!apt("update")) say("apt-get update failed; going on with the lists that are here.");
      // One by one: a package that this release does not have must not keep the others away.
      for (const { debian } of packages.map((program) => PROGRAMS[program])) {
        apt("install", "-y", "--no-install-recommends", debian);
        spawnSync("systemctl", ["disable", "--quiet", debian], { stdio: "ignore", timeout: 30_000 });
      }
    });
  }
  const missing = wanted.filter((program) => PROGRAMS[program].standIn === undefined && isMissing(program));
  for (const program of missing) say(`Skipped: the tests that need ${program}, which is not installed here. ${how(program, system)}`);
  return { missing, env: Object.fromEntries(missing.map((program) => [variableOf(program), "none"])) };
};

const how = (program, system) => {
  if (program === "chromium" && system === "ubuntu")
    return `Ubuntu's own is a snap, which tests cannot steer: install Google Chrome, or name a Chromium in ${variableOf(program)}.`;
  if (system === "debian" || system === "ubuntu") return `sudo apt-get install ${PROGRAMS[program].debian}`;
  return `Install it, or name it in ${variableOf(program)}.`;
};
