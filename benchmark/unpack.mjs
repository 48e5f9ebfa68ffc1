// SPDX-License-Identifier: MIT
// How long unpack and pack take compared with umoci, as ratios within one run: on a shared machine, single
// timings mean little.
//
//   npm run build && node benchmark/unpack.mjs [FILES=20000] [BYTES=16384] [DIRECTORY=/dev/shm] [RUNS=3]
//
// Makes an image of two layers with FILES files of BYTES bytes. Unpacks it with oci-kit (with and without
// reading the contents back) and with umoci, changes 200 files in each directory, and packs the changes.
// Every command is a new process without a cache of layer indexes. The commands take turns; the result is the
// median of RUNS, relative to umoci's. umoci is looked for in PATH and in OCI_KIT_PEERS; without root it gets
// --rootless.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../bin/oci-kit", import.meta.url));
const [files = 20_000, bytes = 16_384] = process.argv.slice(2, 4).map(Number);
const place = process.argv[4] ?? (existsSync("/dev/shm") ? "/dev/shm" : tmpdir());
const runs = Number(process.argv[5] ?? 3);
const CHANGED = 200;

const scratch = mkdtempSync(join(place, "oci-kit-benchmark-"));
const environment = {
  ...process.env,
  OCI_KIT_CACHE: join(scratch, "cache"),
  PATH: [process.env["PATH"], process.env["OCI_KIT_PEERS"]].filter(Boolean).join(delimiter),
};
const rootless = process.getuid?.() === 0 ? [] : ["--rootless"];

/** @param {string} command @param {string[]} words */
function seconds(command, ...words) {
  const started = performance.now();
  const ended = spawnSync(command, words, { cwd: scratch, env: environment });
  const took = (performance.now() - started) / 1000;
  if (ended.error !== undefined) throw ended.error;
  if (ended.status !== 0) throw new Error(`${words.join(" ")}: ${ended.stderr.toString()}`);
  return took;
}

/** @param {string[]} words */
function ociKit(...words) {
  rmSync(environment.OCI_KIT_CACHE, { recursive: true, force: true });
  return seconds(process.execPath, program, ...words);
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** @param {number} file @param {string} what */
function contentOf(file, what) {
  return Buffer.alloc(bytes, `${what} ${file} of ${files}\n`);
}

/** @param {number} file */
function pathOf(file) {
  return `opt/d${file % 200}/f${file}`;
}

/**
 * Makes a directory of files; one in fifty is a link. @param {string} name @param {number} from @param
 * {number} to
 */
function makeTree(name, from, to) {
  const root = join(scratch, name);
  for (let at = 0; at < 200; at += 1) mkdirSync(join(root, `opt/d${at}`), { recursive: true });
  for (let at = from; at < to; at += 1) {
    if (at % 50 === 49) symlinkSync(`f${at - 1}`, join(root, pathOf(at)));
    else writeFileSync(join(root, pathOf(at)), contentOf(at, "file"));
  }
}

function makeImage() {
  makeTree("lower", 0, Math.floor(files / 2));
  makeTree("upper", Math.floor(files / 2), files);
  ociKit("pack", "lower", "oci:images:lower");
  ociKit("export", "oci:images:lower", "-o", "lower.tar");
  ociKit("pack", "upper", "oci:images:upper");
  ociKit("export", "oci:images:upper", "-o", "upper.tar");
  ociKit("append", "oci:images:lower", "oci:images:both", "--layer", "upper.tar");
  for (const name of ["lower", "upper", "lower.tar", "upper.tar"]) remove(name);
}

/** @param {string} root */
function change(root) {
  const step = Math.max(1, Math.floor(files / CHANGED));
  for (let at = 0; at < files; at += step) {
    if (at % 50 !== 49) writeFileSync(join(scratch, root, pathOf(at)), contentOf(at, "next"));
  }
}

/** @param {string} name */
function remove(name) {
  rmSync(join(scratch, name), { recursive: true, force: true });
}

const IMAGE = "oci:images:both";
const UNPACKS = {
  "umoci raw unpack": () =>
    seconds("umoci", "raw", "unpack", ...rootless, "--image", "images:both", "raw"),
  "umoci unpack": () => seconds("umoci", "unpack", ...rootless, "--image", "images:both", "bundle"),
  "oci-kit unpack": () => ociKit("unpack", IMAGE, "proven"),
  "oci-kit unpack --no-proof": () => ociKit("unpack", "--no-proof", IMAGE, "unproven"),
};
const PACKS = {
  "umoci repack": () => seconds("umoci", "repack", "--image", "images:theirs", "bundle"),
  "oci-kit pack --base": () => ociKit("pack", "proven", "oci:images:ours", "--base", IMAGE),
};

/** @type {Map<string, number[]>} */
const taken = new Map();
/** @param {Record<string, () => number>} commands */
function timeAll(commands) {
  for (const [name, time] of Object.entries(commands)) {
    taken.set(name, [...(taken.get(name) ?? []), time()]);
  }
}

try {
  makeImage();
  for (let run = 0; run < runs; run += 1) {
    for (const name of [
      "raw",
      "bundle",
      "proven",
      "proven.oci-kit",
      "unproven",
      "unproven.oci-kit",
    ])
      remove(name);
    timeAll(UNPACKS);
    change("bundle/rootfs");
    change("proven");
    timeAll(PACKS);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

console.log(
  `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "?"}, load ${loadavg()[0]?.toFixed(1)}`,
);
console.log(`${files} files of ${bytes} bytes in two gzip layers; median of ${runs}`);
for (const commands of [UNPACKS, PACKS]) {
  const names = Object.keys(commands);
  const one = median(taken.get(names[0] ?? "") ?? []);
  for (const name of names) {
    const middle = median(taken.get(name) ?? []);
    console.log(`  ${name.padEnd(28)} ${(middle / one).toFixed(3)}  (${middle.toFixed(2)} s)`);
  }
}
