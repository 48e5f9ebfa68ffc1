// SPDX-License-Identifier: MIT
// How long push, pull, copying what is there, and retag take compared with oras and crane, as ratios within one run: on a shared
// machine, single timings mean little.
//
//   npm run build && node benchmark/transfer.mjs LAYOUT:TAG [RUNS=5]
//
// Copies the image to Docker's registry on this machine and back (on tmpfs where there is one); the commands take turns, each new
// push goes into an empty registry. docker-registry, oras and crane are looked for in PATH and in OCI_KIT_PEERS. Prints medians.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../bin/oci-kit", import.meta.url));
const [, layout = "", tag = "latest"] = /^(.*?)(?::([^:/]+))?$/.exec(process.argv[2] ?? "") ?? [];
const image = resolve(layout);
const runs = Number(process.argv[3] ?? 5);
const scratch = mkdtempSync(
  join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "oci-kit-benchmark-"),
);
const env = {
  ...process.env,
  OCI_KIT_CACHE: join(scratch, "cache"),
  PATH: [process.env["PATH"], process.env["OCI_KIT_PEERS"]].filter(Boolean).join(delimiter),
};

/** @type {Map<string, number[]>} */
const taken = new Map();
/** @param {string} name @param {string} command @param {string[]} words */
function time(name, command, ...words) {
  const started = performance.now();
  const ended = spawnSync(command, words, { cwd: scratch, env });
  const seconds = (performance.now() - started) / 1000;
  if (ended.error !== undefined) throw ended.error;
  if (ended.status !== 0) throw new Error(`${words.join(" ")}: ${ended.stderr.toString()}`);
  taken.set(name, [...(taken.get(name) ?? []), seconds]);
}
/** @param {string} name @param {string[]} words */
const ociKit = (name, ...words) => time(name, process.execPath, program, ...words);
/** @param {string[]} names */
const remove = (...names) => {
  for (const name of names) rmSync(join(scratch, name), { recursive: true, force: true });
};

const port = 20_000 + Math.floor(Math.random() * 20_000);
const host = `127.0.0.1:${port}`;
const settings = `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${scratch}/registry}}\nhttp: {addr: "${host}"}\n`;
writeFileSync(join(scratch, "registry.yml"), settings);
const registry = spawn("docker-registry", ["serve", "registry.yml"], {
  cwd: scratch,
  env,
  stdio: "ignore",
});
try {
  await sleep(1000);
  for (let run = 0; run < runs; run += 1) {
    const stored = "registry/docker/registry/v2";
    ociKit("push", "copy", `oci:${image}:${tag}`, `${host}/a${run}:x`);
    remove(stored);
    time(
      "push: oras",
      "oras",
      "cp",
      "--to-plain-http",
      "--from-oci-layout",
      `${image}:${tag}`,
      `${host}/b${run}:x`,
    );
    remove(stored);
    time("push: crane", "crane", "push", "--insecure", image, `${host}/c${run}:x`);
    ociKit("pull", "copy", `${host}/c${run}:x`, "oci:ours:x");
    time(
      "pull: oras",
      "oras",
      "cp",
      "--from-plain-http",
      `${host}/c${run}:x`,
      "--to-oci-layout",
      "oras:x",
    );
    time(
      "pull: crane",
      "crane",
      "pull",
      "--insecure",
      "--format",
      "oci",
      `${host}/c${run}:x`,
      "crane",
    );
    remove("ours", "oras", "crane");
    ociKit("nothing to do", "copy", `oci:${image}:${tag}`, `${host}/c${run}:x`);
    ociKit("retag", "retag", `${host}/c${run}:x`, "y");
    time("node -e 0", process.execPath, "-e", "0");
    remove(stored);
  }
} finally {
  registry.kill();
  rmSync(scratch, { recursive: true, force: true });
}

/** The median of the ratios within each turn, to the fastest of the others. @param {string} name @param {string[]} others */
function ratio(name, ...others) {
  const ratios = (taken.get(name) ?? [])
    .map(
      (seconds, run) =>
        seconds / Math.min(...others.map((other) => taken.get(other)?.[run] ?? NaN)),
    )
    .sort((a, b) => a - b);
  const [least, middle, most] = [ratios[0], ratios[Math.floor(ratios.length / 2)], ratios.at(-1)];
  const shown = [middle, least, most].map((one) => (one ?? NaN).toFixed(2));
  console.log(
    `  ${name.padEnd(14)} ${shown[0]} (${shown[1]} to ${shown[2]}) of ${others.join(", ")}`,
  );
}
console.log(
  `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "?"}, load ${loadavg()[0]?.toFixed(1)}, ${runs} runs`,
);
ratio("push", "push: oras", "push: crane");
ratio("pull", "pull: oras", "pull: crane");
ratio("nothing to do", "node -e 0");
ratio("retag", "node -e 0");
