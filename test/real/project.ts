// SPDX-License-Identifier: MIT
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute } from "../interop/peers.ts";

export const ROOT = join(import.meta.dirname, "../..");
/** Kept between runs: making the inputs takes minutes. */
export const INPUTS = join(ROOT, "out/real");
export const ARCHITECTURES = ["amd64", "arm64", "riscv64"] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** A project like a user's: `linux/oci-kit.yaml` and the saved images that it names. */
export interface Project {
  readonly directory: string;
  /** The values of `GCC_VERSION` and `LLVM_RELEASE` for the real packages. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Makes the inputs unless they exist, and a project that uses them: this repository's recipe with the
 * versions of the real packages.
 */
export async function createProject(directory: string): Promise<Project> {
  await execute(join(ROOT, "scripts/real-inputs.sh"), [INPUTS, ...ARCHITECTURES]);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(directory, "out"), { recursive: true });
  cpSync(join(ROOT, "linux"), join(directory, "linux"), { recursive: true });
  symlinkSync(INPUTS, join(directory, "out/local-oci"));
  const lines = readFileSync(join(INPUTS, "versions"), "utf8").trim().split("\n");
  const versions = Object.fromEntries(lines.map((line) => line.split("=") as [string, string]));
  const recipe = join(directory, "linux/oci-kit.yaml");
  let text = readFileSync(recipe, "utf8");
  for (const [name, version] of Object.entries(versions)) {
    text = text.replace(new RegExp(`^  ${name}: .*$`, "m"), `  ${name}: "${version}"`);
  }
  writeFileSync(recipe, text);
  return { directory, versions };
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The peak memory of the process (VmHWM) in MB; 0 where the system does not report it. */
  readonly peak: number;
}

/** Runs the built oci-kit to its end in a directory, as a user would. */
export async function ociKit(
  directory: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [join(ROOT, "bin/oci-kit"), ...words], {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let peak = 0;
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid));
  }, 50);
  const [status] = (await once(child, "close")) as [number | null];
  clearInterval(watch);
  return { status, stdout, stderr, peak };
}

function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
}
