// SPDX-License-Identifier: MIT
// How long the main job takes, first and repeated, as ratios within one run: on a shared machine, single
// timings mean little.
//
//   npm run build && node benchmark/main-job.mjs [FILES=20000]
//
// Makes a layout with FILES files of 16 kB in a temporary directory (tmpfs where there is one) and
// assembles an image from it. Then assembles again with nothing changed, and verifies its links twice. Prints
// the machine and the median of three runs.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../bin/oci-kit", import.meta.url));
const files = Number(process.argv[2] ?? 20_000);
const scratch = mkdtempSync(
  join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "oci-kit-benchmark-"),
);
const environment = { ...process.env, OCI_KIT_CACHE: join(scratch, "cache") };

/** @param {string[]} words */
function seconds(...words) {
  const started = performance.now();
  const ended = spawnSync(process.execPath, [program, ...words], {
    cwd: scratch,
    env: environment,
  });
  if (ended.status !== 0) throw new Error(`oci-kit ${words.join(" ")}: ${ended.stderr.toString()}`);
  return (performance.now() - started) / 1000;
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function makeTree() {
  const bin = join(scratch, "tree/opt/gcc/bin");
  mkdirSync(bin, { recursive: true });
  const head = Buffer.alloc(4096);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(62, 18);
  head.writeUInt32LE(1, 20);
  head.writeUInt16LE(64, 52);
  writeFileSync(join(bin, "gcc"), head, { mode: 0o755 });
  symlinkSync("gcc", join(bin, "cc"));
  for (let at = 0; at < files; at += 1) {
    const directory = join(scratch, `tree/opt/gcc/d${at % 200}`);
    if (at < 200) mkdirSync(directory);
    writeFileSync(join(directory, `f${at}`), Buffer.alloc(16_384, `file ${at} of ${files}\n`));
  }
}

const artifact = ["--arch", "amd64", "--base", "scratch", "--copy", "/opt"];
const first = [];
const again = [];
const links = [];
const linksAgain = [];
try {
  makeTree();
  seconds("assemble", ...artifact, "--artifact", "dir:tree", "--output", "oci:artifact");
  for (let run = 0; run < 3; run += 1) {
    for (const name of ["out", "cache"])
      rmSync(join(scratch, name), { recursive: true, force: true });
    const words = [
      "assemble",
      ...artifact,
      "--artifact",
      "oci:artifact",
      "--env",
      "PATH=/opt/gcc/bin",
    ];
    first.push(seconds(...words));
    again.push(seconds(...words));
    links.push(seconds("verify-links", "out/linux-runtime"));
    linksAgain.push(seconds("verify-links", "out/linux-runtime"));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

console.log(
  `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "?"}, load ${loadavg()[0]?.toFixed(1)}`,
);
console.log(`${files} files of 16 kB in one gzip layer; median of three, the first run is 1`);
for (const [name, values] of Object.entries({
  "assemble, first": first,
  "assemble, nothing changed": again,
  "verify-links, first": links,
  "verify-links, again": linksAgain,
})) {
  console.log(`  ${name.padEnd(28)} ${(median(values) / median(first)).toFixed(3)}`);
}
