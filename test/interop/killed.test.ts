// SPDX-License-Identifier: MIT
import { readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { writeDebian } from "./foreign-images.ts";
import { runCli, startCli } from "./run-cli.ts";
import { makeScratch } from "./scratch.ts";
import { factsOfDirectory, type Facts } from "./tree-facts.ts";

const MOMENTS = Number(process.env["OCI_KIT_KILLS"] ?? 20);
const scratch = makeScratch();
const image = `oci:${scratch.path("images/debian")}:latest`;
const directory = scratch.path("rootfs");
const sidecar = `${directory}.oci-kit`;

interface Told {
  readonly proof: { readonly compared: number; readonly differences: readonly unknown[] };
}

let whole: Facts;
let milliseconds: number;

beforeAll(async () => {
  await writeDebian(scratch.make("images"), image.replace("oci:", ""));
  const start = performance.now();
  runCli(["unpack", image, directory]);
  milliseconds = performance.now() - start;
  whole = factsOfDirectory(directory);
});

describe("an unpack that is killed", () => {
  it(`at ${MOMENTS} random moments is completed by the next one, proven`, async () => {
    for (let killed = 0; killed < MOMENTS;) {
      for (const path of [directory, sidecar]) rmSync(path, { recursive: true, force: true });
      const delay = Math.random() * milliseconds;
      if (!(await killAfter(delay))) {
        // the unpack ended before it could be killed: it was faster than when it was measured
        milliseconds = delay;
        continue;
      }
      // A directory that is marked complete must be whole already: only the end of the process was missing.
      if (state() === "complete") expect(factsOfDirectory(directory)).toEqual(whole);
      else killed += 1;
      const { proof } = runCli(["unpack", image, directory]) as Told;
      expect(proof.differences).toEqual([]);
      expect(proof.compared).toBe(Object.keys(whole).length);
      expect(factsOfDirectory(directory)).toEqual(whole);
    }
  });
});

/** Kills an unpack after a delay; whether it was still running then. */
async function killAfter(delay: number): Promise<boolean> {
  const child = startCli(["unpack", image, directory]);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await Promise.race([sleep(delay), ended]);
  const isRunning = child.exitCode === null;
  if (isRunning) child.kill("SIGKILL");
  await ended;
  return isRunning && child.signalCode === "SIGKILL";
}

function state(): unknown {
  try {
    return (JSON.parse(readFileSync(`${sidecar}/sidecar.json`, "utf8")) as { state: unknown })
      .state;
  } catch {
    return "nothing yet";
  }
}
