// SPDX-License-Identifier: MIT
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { delimiter, isAbsolute } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { systemCode } from "../../files/system-error.ts";
import type { Limits } from "../../oci/limits.ts";
import type { Environment } from "./credential-places.ts";

/** What running a helper needs. */
export interface HelperSurroundings {
  /** `PATH` says where the program is. */
  readonly environment: Environment;
  readonly limits: Limits;
}

/** How a helper ended. */
export type HelperRun =
  | { readonly kind: "missing" }
  | { readonly kind: "failed-to-start"; readonly reason: string }
  | { readonly kind: "hung" }
  | { readonly kind: "too-much" }
  | {
      readonly kind: "ended";
      /** Zero for success; the name of the signal where one ended it. */
      readonly status: number | string;
      readonly stdout: string;
      readonly stderr: string;
    };

/** Milliseconds that output may take after the end of the program: a daemon that it left behind may hold the pipe open. */
const AFTERWARDS = 500;

/**
 * Runs `docker-credential-NAME VERB` and gives it `input`. It is looked for in the absolute directories of the PATH
 * only. Never throws. A helper that takes longer than
 * `limits.helperTimeout` or writes more than `limits.answerBytes` is killed.
 */
export async function runHelper(
  program: string,
  verb: "get" | "store" | "erase",
  input: string,
  { environment, limits }: HelperSurroundings,
): Promise<HelperRun> {
  const env = { ...environment, PATH: absoluteOnly(environment["PATH"]) };
  const child = spawn(program, [verb], { env, stdio: "pipe" });
  const collected = collect(child, limits.answerBytes);
  // It may end without reading: the pipe is broken then, which its exit status says better.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const ended = endOf(child);
  const patience = new AbortController();
  const hung = sleep(limits.helperTimeout, { kind: "hung" } as const, { signal: patience.signal });
  hung.catch(() => undefined);
  const result = await Promise.race([ended, collected.tooMuch, hung]);
  patience.abort();
  if (result.kind === "hung" || result.kind === "too-much") child.kill("SIGKILL");
  else if (result.kind === "ended") await collected.rest();
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  return result.kind === "ended" ? { ...result, ...collected.read() } : result;
}

/** A checkout must not bring the helper itself, where the PATH has `.` or an empty entry (the working directory). */
function absoluteOnly(searchPath: string | undefined): string {
  return (searchPath ?? "").split(delimiter).filter(isAbsolute).join(delimiter);
}

type End =
  | { readonly kind: "missing" }
  | { readonly kind: "failed-to-start"; readonly reason: string }
  | { readonly kind: "ended"; readonly status: number | string };

function endOf(child: ChildProcessWithoutNullStreams): Promise<End> {
  return new Promise((resolve) => {
    child.on("exit", (code, signal) => resolve({ kind: "ended", status: code ?? signal ?? "?" }));
    child.on("error", (error) => {
      const code = systemCode(error);
      resolve(
        code === "ENOENT" ? { kind: "missing" } : { kind: "failed-to-start", reason: String(code) },
      );
    });
  });
}

interface Collected {
  readonly tooMuch: Promise<{ readonly kind: "too-much" }>;
  /** Waits for the rest of the output, not for long. */
  readonly rest: () => Promise<void>;
  readonly read: () => { readonly stdout: string; readonly stderr: string };
}

function collect(child: ChildProcessWithoutNullStreams, most: number): Collected {
  const chunks = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const tooMuch = new Promise<{ kind: "too-much" }>((resolve) => {
    let length = 0;
    const keep = (stream: Readable, into: Uint8Array[]): void => {
      stream.on("data", (chunk: Uint8Array) => {
        length += chunk.length;
        if (length > most) resolve({ kind: "too-much" });
        else into.push(chunk);
      });
      stream.on("error", () => undefined);
    };
    keep(child.stdout, chunks.stdout);
    keep(child.stderr, chunks.stderr);
  });
  const closed = once(child, "close").catch(() => undefined);
  const text = (all: readonly Uint8Array[]): string => Buffer.concat(all).toString("utf8");
  return {
    tooMuch,
    rest: async () => {
      const patience = new AbortController();
      const wait = sleep(AFTERWARDS, undefined, { signal: patience.signal }).catch(() => undefined);
      await Promise.race([closed, wait]);
      patience.abort();
    },
    read: () => ({ stdout: text(chunks.stdout), stderr: text(chunks.stderr) }),
  };
}
