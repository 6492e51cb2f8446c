// `npm run licences`: what is installed with the server, by licence, as the lock file has it.
import { readFileSync } from "node:fs";

const { packages } = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
const byLicence = new Map();
for (const [path, { version, license = "none", dev = false }] of Object.entries(packages)) {
  if (path === "" || dev) continue;
  const name = `${path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)}@${version}`;
  byLicence.set(license, [...(byLicence.get(license) ?? []), name]);
}
for (const [licence, names] of [...byLicence].toSorted((a, b) => b[1].length - a[1].length))
  console.log(`${licence} (${names.length})\n  ${names.toSorted().join("\n  ")}`);
