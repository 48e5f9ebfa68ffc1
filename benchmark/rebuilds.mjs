// SPDX-License-Identifier: MIT
// What `rechunk` sends for a rebuilt image of Debian's packages, counted between it and Docker's registry.
//
//   npm run build && node benchmark/rebuilds.mjs [--packages A,B,…] [--cache DIR] [--scratch DIR] [--other-node FILE] [--keep]
//
// Fetches the packages and all they need by apt, as the suite was released and with its updates (1.2 GB by default). Makes root
// filesystems of them and images in one layer, as a build from nothing gives, and rechunks these one after the other:
//   - the image before the updates;
//   - the same from new directories with all times changed, by the other Node if one is named, with an empty cache;
//   - with all updates at once, and that again by the other Node from new directories;
//   - with the updates in ten parts, one after the other; what is built from one source is updated at one time, as apt has it.
// Each is compared with what changed, compressed alone in the same way. Needs 20 GB in the scratch directory, and docker-registry
// in PATH or OCI_KIT_PEERS. Fails when more is sent than docs/rechunk.md says.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, homedir, tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { changedPaths, copyPaths, readState } from "./rebuilds/changed-files.mjs";
import { startCountedRegistry } from "./rebuilds/counted-registry.mjs";
import { DebianTree, fetchPackages } from "./rebuilds/debian-packages.mjs";

const PACKAGES = [
  "base-files base-passwd bash coreutils dash dpkg build-essential clang cmake ninja-build git gdb default-jdk golang",
  "rustc cargo nodejs ruby php python3-scipy python3-pandas ffmpeg imagemagick nginx apache2 postgresql mariadb-server",
  "redis-server libreoffice-writer-nogui texlive-latex-base vim-nox openssh-server curl wget rsync chromium thunderbird",
  "libboost-all-dev",
].join(" ");
const LIMITS = { sent: 1.05, layers: 60, dead: 0.02, inARow: 1.1, documents: 200_000 };
const ROUNDS = 10;

const { values: flags } = parseArgs({
  options: {
    packages: { type: "string", default: PACKAGES.replaceAll(" ", ",") },
    cache: { type: "string", default: join(homedir(), ".cache/oci-kit-benchmark") },
    scratch: { type: "string", default: tmpdir() },
    "other-node": { type: "string", default: process.execPath },
    compression: { type: "string", default: "zstd:3" },
    keep: { type: "boolean", default: false },
  },
});
const program = fileURLToPath(new URL("../bin/oci-kit", import.meta.url));
const scratch = mkdtempSync(join(resolve(flags.scratch), "oci-kit-rebuilds-"));
const environment = {
  ...process.env,
  PATH: [process.env["PATH"], process.env["OCI_KIT_PEERS"]].filter(Boolean).join(delimiter),
};
const HERE = { node: process.execPath, cache: join(scratch, "cache-here") };
const THERE = { node: flags["other-node"], cache: join(scratch, "cache-there") };
/** @type {string[]} */
const broken = [];

/** @typedef {{ readonly node: string, readonly cache: string }} Machine */
/** @typedef {{ readonly kind: string, readonly descriptor: { readonly digest: string, readonly size: number } }} Layer */
/** @typedef {{ readonly digest: string, readonly layers: readonly Layer[], readonly dead: number, readonly sent: number, readonly received: number }} Rechunked */

/** @typedef {{ readonly layers: readonly Layer[], readonly deadBytes: number, readonly tarBytes: number }} Image */
/** @typedef {{ readonly digest: string, readonly images: readonly Image[] }} Document */

/** @param {Machine} machine @param {string[]} words @returns {Promise<unknown>} */
async function ociKit({ node, cache }, ...words) {
  const env = { ...environment, OCI_KIT_CACHE: cache };
  const ran = await promisify(execFile)(node, [program, ...words, "--json", "--quiet"], {
    cwd: scratch,
    env,
    maxBuffer: 2 ** 28,
  }).catch((/** @type {unknown} */ error) => {
    // 2: it was checked, and does not hold.
    const failed = /** @type {{ code: number, stdout: string }} */ (error);
    if (failed.code === 2) return failed;
    throw error;
  });
  /** @type {unknown} */
  const document = JSON.parse(ran.stdout);
  return document;
}

/** @param {number} bytes */
const mega = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`.padStart(11);

/** The image of a directory, in one layer that is not compressed: how the source is stored changes nothing. @param {string} root */
async function build(root) {
  const source = `oci:${root}.image:x`;
  rmSync(`${root}.image`, { recursive: true, force: true });
  await ociKit(HERE, "pack", root, source, "--compression", "none");
  return source;
}

/** @param {Machine} machine @param {string} source @param {string} reference @param {string[]} words @returns {Promise<Rechunked>} */
async function rechunk(machine, source, reference, ...words) {
  registry.take();
  const how = ["--compression", flags.compression, ...words];
  const { digest, images } = /** @type {Document} */ (
    await ociKit(machine, "rechunk", source, reference, ...how)
  );
  const [made] = images;
  if (made === undefined) throw new Error("expected an image");
  const { layers, deadBytes, tarBytes } = made;
  return { digest, layers, dead: deadBytes / tarBytes, ...registry.take() };
}

/** The size of what changed, compressed alone. @param {string} root @param {readonly string[]} paths */
async function sizeOfChanged(root, paths) {
  const to = join(scratch, "changed");
  copyPaths(root, paths, to);
  await ociKit(HERE, "pack", to, "oci:changed.image:x", "--compression", flags.compression);
  const { manifest } = /** @type {{ manifest: { layers: { size: number }[] } }} */ (
    await ociKit(HERE, "inspect", "oci:changed.image:x")
  );
  for (const name of ["changed", "changed.image"]) {
    rmSync(join(scratch, name), { recursive: true, force: true });
  }
  return manifest.layers.reduce((sum, { size }) => sum + size, 0);
}

/** @param {string} what @param {number} value @param {number} most */
function check(what, value, most) {
  if (!(value <= most)) broken.push(`${what}: ${value.toFixed(3)}, expected at most ${most}`);
}

/** @param {string} what @param {Rechunked} made @param {Rechunked | undefined} before @param {number | undefined} changed */
function tell(what, { layers, dead, sent, received }, before, changed) {
  const known = new Set(before?.layers.map(({ descriptor }) => descriptor.digest));
  /** @param {readonly Layer[]} some */
  const bytes = (some) => some.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  const shared = layers.filter(({ descriptor }) => known.has(descriptor.digest));
  const reuse = (bytes(shared) * 100) / bytes(layers);
  check(`${what}: layers`, layers.length, LIMITS.layers);
  check(`${what}: dead bytes`, dead, LIMITS.dead);
  console.log(
    [
      what.padEnd(30),
      mega(sent),
      ...(changed === undefined
        ? [" ".repeat(18)]
        : [`of ${mega(changed)}`, (sent / changed).toFixed(3)]),
      `received ${mega(received)}`,
      `${layers.length} layers, ${shared.length} reused (${reuse.toFixed(1)} % of ${mega(bytes(layers)).trim()})`,
      `${(dead * 100).toFixed(2)} % dead`,
    ].join("  "),
  );
}

const [before, after] = fetchPackages(resolve(flags.cache), flags.packages.split(","));
const updated = [...after.values()].filter(
  (each) => before.get(each.name)?.version !== each.version,
);
const gone = [...before.keys()].filter((name) => !after.has(name));
const sources = [...new Set(updated.map(({ source }) => source))];
const registry = await startCountedRegistry(scratch, environment);
const [image, row] = [`${registry.host}/debian`, `${registry.host}/in-a-row`];
try {
  const tree = new DebianTree(join(scratch, "here"));
  tree.install([...before.values()]);
  const released = readState(tree.root);
  console.log(
    `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "?"}, ${flags.compression}`,
  );
  console.log(
    `${before.size} packages, ${released.size} files; ${updated.length} updated from ${sources.length} sources, ${gone.length} gone`,
  );
  const source = await build(tree.root);
  const first = await rechunk(HERE, source, `${image}:first`);
  tell("first", first, undefined, undefined);

  mkdirSync(join(scratch, "elsewhere"));
  const other = new DebianTree(join(scratch, "elsewhere/there"), { timesNow: true });
  other.install([...before.values()].reverse());
  const same = await rechunk(THERE, await build(other.root), `${image}:first`);
  tell("times alone, elsewhere", same, first, undefined);
  check("times alone: bytes of documents", same.sent, LIMITS.documents);
  if (same.digest !== first.digest) broken.push("times alone: another digest");

  for (const each of [tree, other]) {
    for (const name of gone) each.remove(name);
    each.install(updated);
  }
  const now = readState(tree.root);
  const changed = await sizeOfChanged(tree.root, changedPaths(released, now));
  for (const [what, machine, root] of /** @type {const} */ ([
    ["all updates", HERE, tree.root],
    ["all updates, elsewhere", THERE, other.root],
  ])) {
    const made = await rechunk(
      machine,
      await build(root),
      `${image}:${what.replaceAll(/[ ,]+/g, "-")}`,
      "--previous",
      `${image}:first`,
    );
    tell(what, made, first, changed);
    check(what, made.sent / changed, LIMITS.sent);
    const trees = [`oci:${root}.image:x`, `${image}@${made.digest}`];
    const ignored = ["--ignore", "time", "--ignore", "configuration"];
    const compared = /** @type {{ same: boolean }} */ (
      await ociKit(HERE, "diff", ...trees, ...ignored)
    );
    if (!compared.same) broken.push(`${what}: another tree than its source`);
  }
  rmSync(join(scratch, "elsewhere"), { recursive: true, force: true });

  // Back to what it was, then in parts.
  tree.install([
    ...updated.flatMap(({ name }) => before.get(name) ?? []),
    ...gone.flatMap((name) => before.get(name) ?? []),
  ]);
  for (const { name } of updated) if (!before.has(name)) tree.remove(name);
  // In a repository that has none of the layers that the updates gave above.
  let [state, last] = [
    readState(tree.root),
    await rechunk(HERE, await build(tree.root), `${row}:first`),
  ];
  if (changedPaths(released, state).length > 1) throw new Error("the tree is not what it was");
  const sums = { sent: 0, changed: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, name] of gone.entries()) if (at % ROUNDS === round) tree.remove(name);
    tree.install(updated.filter(({ source }) => sources.indexOf(source) % ROUNDS === round));
    const next = readState(tree.root);
    const size = await sizeOfChanged(tree.root, changedPaths(state, next));
    const made = await rechunk(
      HERE,
      await build(tree.root),
      `${row}:next`,
      "--previous",
      `${row}@${last.digest}`,
    );
    tell(`in a row, ${round + 1} of ${ROUNDS}`, made, last, size);
    sums.sent += made.sent;
    sums.changed += size;
    [state, last] = [next, made];
  }
  console.log(
    `in a row, all: ${mega(sums.sent).trim()} of ${mega(sums.changed).trim()}: ${(sums.sent / sums.changed).toFixed(3)}`,
  );
  check("in a row", sums.sent / sums.changed, LIMITS.inARow);
} finally {
  registry.stop();
  if (!flags.keep) rmSync(scratch, { recursive: true, force: true });
}
for (const line of broken) console.error(`more than it should be: ${line}`);
process.exitCode = broken.length === 0 ? 0 : 1;
