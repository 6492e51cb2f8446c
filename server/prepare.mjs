// What `npm start` and `npm test` run first: packages as the lock file says, then server and dashboard, each only when something changed.
// Nothing is imported before the version is known: an older Node would stop at the import with a message that helps nobody.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Rigtwin needs Node.js 20.19 or newer; this is ${process.versions.node}. Install a newer one from https://nodejs.org and run the command again.`,
  );
  process.exitCode = 1;
} else {
  void import("./prepare/prepare.mjs").then(({ prepare }) => prepare(process.argv.slice(2)));
}
