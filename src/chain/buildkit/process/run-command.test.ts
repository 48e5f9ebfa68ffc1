// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runCommand } from "./run-command.ts";

/** Runs a shell script, and gives how it ended and what it printed. */
async function script(
  text: string,
  options: { readonly signal?: AbortSignal; readonly onLine?: (line: string) => void } = {},
): Promise<{ readonly end: unknown; readonly out: string; readonly err: string }> {
  let [out, err] = ["", ""];
  const end = await runCommand(
    { program: "/bin/sh", words: ["-c", text, "script"], env: { NOTE: "set" } },
    {
      what: "the script",
      grace: 200,
      ...options,
      onStdout: (chunk) => {
        out += Buffer.from(chunk).toString();
        options.onLine?.(out);
      },
      onStderr: (chunk) => {
        err += Buffer.from(chunk).toString();
      },
    },
  );
  return { end, out, err };
}

function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

describe("a program", () => {
  it("gives its status, its signal and all that it printed", async () => {
    expect(await script('echo "$NOTE"; echo bad >&2; exit 3')).toEqual({
      end: { status: 3 },
      out: "set\n",
      err: "bad\n",
    });
    expect((await script("kill -KILL $$")).end).toEqual({ signal: "SIGKILL" });
  });

  it("that is missing gives the shell's status for that", async () => {
    const command = { program: "/nowhere/program", words: [] };
    expect(await runCommand(command, { what: "it" })).toEqual({ status: 127 });
  });

  it("leaves nothing of its group behind, and a child that holds the output is not waited for", async () => {
    const { out, end } = await script("sleep 600 & echo $!");
    expect(end).toEqual({ status: 0 });
    await expect.poll(() => isAlive(Number(out))).toBe(false);
  });
});

describe("a program that is stopped", () => {
  it("ends with its children, even if it ignores the first signal", async () => {
    const stop = new AbortController();
    let pids: number[] = [];
    const running = script("trap '' TERM; sleep 600 & echo $$ $!; wait; sleep 600", {
      signal: stop.signal,
      onLine: (line) => {
        pids = line.trim().split(" ").map(Number);
        stop.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: "aborted" });
    expect(pids).toHaveLength(2);
    for (const pid of pids) await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it("is not started when it was stopped before", async () => {
    await expect(script("echo x", { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "aborted",
    });
  });
});
