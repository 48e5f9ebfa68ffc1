// SPDX-License-Identifier: MIT
// The main job from end to end on real binaries: assembles for three architectures, verifies the links,
// pushes one index to a registry, and pulls it back as any other user would. `npm run demo` builds oci-kit
// first, then runs this.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { fetchInputs } from "./fetch-inputs.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const program = fileURLToPath(new URL("../../bin/oci-kit", import.meta.url));
const started = performance.now();

/**
 * Prints one oci-kit command and runs it as a user would.
 * @param {string[]} words
 */
async function ociKit(...words) {
  console.log(`\n$ oci-kit ${words.join(" ")}`);
  const child = spawn(process.execPath, [program, ...words], { cwd: here, stdio: "inherit" });
  const [code] = await /** @type {Promise<[number | null]>} */ (
    new Promise((resolve) => child.once("close", (...ended) => resolve(/** @type {any} */ (ended))))
  );
  if (code !== 0) throw new Error(`oci-kit ${words[0]} ended with ${code}`);
}

/** Starts `oci-kit serve` on a free port and waits until it answers. */
async function serve() {
  const child = spawn(
    process.execPath,
    [program, "serve", "out/demo-registry", "--port", "0", "--json"],
    {
      cwd: here,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    const found = /"host": "([^"]+)"/.exec(line);
    if (found?.[1]) return { host: found[1], stop: () => child.kill() };
  }
  throw new Error("oci-kit serve ended before it listened");
}

await rm(new URL("out/", import.meta.url), { recursive: true, force: true });
await fetchInputs(here);

await ociKit("assemble", "--arch", "amd64,arm64,riscv64");
await ociKit("verify-links", "out/linux-runtime");

const registry = await serve();
try {
  const image = `${registry.host}/demo/toolchain:latest-cross`;
  console.log(`\n$ oci-kit serve out/demo-registry      # listens on ${registry.host}`);
  await ociKit("manifest", "push", image);
  await ociKit("copy", image, "oci:out/pulled:latest-cross");
  await ociKit("verify-links", "out/pulled");
} finally {
  registry.stop();
}

const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(
  `\nDone in ${seconds} s. What it worked on is under examples/demo/out; README.md goes on from here.`,
);
