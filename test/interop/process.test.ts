// SPDX-License-Identifier: MIT
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const CLI = join(import.meta.dirname, "../../bin/oci-kit");

let place: string;
let image: string;

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-process-"));
  mkdirSync(join(place, "root"));
  writeFileSync(join(place, "root/file"), "x".repeat(1 << 20));
  image = `oci:${place}/image:one`;
  expect(shell(`oci-kit pack ${place}/root ${image}`).status).toBe(0);
});
afterAll(() => rmSync(place, { recursive: true }));

/** Runs a line in bash, in which `oci-kit` is the built program. */
function shell(line: string): { status: number | null; stdout: string; stderr: string } {
  const script = `oci-kit() { ${process.execPath} ${CLI} "$@"; }; ${line}`;
  return spawnSync("bash", ["-c", script], { encoding: "utf8" });
}

describe("a stdout that takes no more is one line and exit 1, for", () => {
  it.each([
    ["a result, on a full disk", `oci-kit inspect IMAGE >/dev/full`],
    ["a tar, on a full disk", `oci-kit export IMAGE >/dev/full`],
    ["an archive, on a full disk", `oci-kit copy IMAGE oci-archive:- >/dev/full`],
    ["a result, for a reader that is gone", `oci-kit inspect IMAGE | true; exit $PIPESTATUS`],
    ["a document, for a reader that is gone", `oci-kit tags IMAGE --json | true; exit $PIPESTATUS`],
    ["a tar, for a reader that is gone", `oci-kit export IMAGE | true; exit $PIPESTATUS`],
    ["a tar, for a reader of its head", `oci-kit export IMAGE | head -c 9; exit $PIPESTATUS`],
    ["a help, for a reader that is gone", `oci-kit copy --help | true; exit $PIPESTATUS`],
  ])("%s", (_what, line) => {
    const { status, stderr } = shell(line.replace("IMAGE", image));
    expect(stderr).toMatch(/^oci-kit: stdout: expected to write to it, got .*(ENOSPC|EPIPE).*\n$/);
    expect(status).toBe(1);
  });
});

it("a mistyped key of oci-kit.yaml is explained, with the key that was meant", () => {
  const file = join(place, "oci-kit.yaml");
  const text =
    "version: 1\narchitectures: [amd64]\nbase: scratch\npolicies: [{ name: a, presnt: [/x] }]\n";
  writeFileSync(file, text);
  const { status, stderr } = shell(`oci-kit verify ${image} --config ${file}`);
  expect(stderr).toBe(
    "oci-kit: oci-kit.yaml:4:23: policies[0].presnt: unknown key; did you mean present?\n",
  );
  expect(status).toBe(1);
});

describe("bytes and a document do not share stdout", () => {
  it.each(["export IMAGE", "export IMAGE -o -", "copy IMAGE docker-archive:-:a/b:c"])(
    "%s with --json is refused, and says how",
    (words) => {
      const { status, stdout, stderr } = shell(`oci-kit ${words.replace("IMAGE", image)} --json`);
      expect(status).toBe(1);
      expect(stderr).toContain("expected stdout to take one thing, got --json");
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: "invalid-argument" } });
    },
  );

  it("-o - is stdout", () => {
    const { status, stdout } = shell(`oci-kit export ${image} -o - | tar -t; exit $PIPESTATUS`);
    expect(status).toBe(0);
    expect(stdout).toContain("file");
  });
});

describe("Ctrl-C", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends what waits for stdin at once, with %i", async (signal, status) => {
    const words = ["copy", "docker-archive:-", `oci:${place}/never`];
    const child = spawn(process.execPath, [CLI, ...words], { stdio: ["pipe", "pipe", "pipe"] });
    let told = "";
    child.stderr.on("data", (chunk: Buffer) => (told += chunk.toString()));
    // the program is up, and waits, when it has taken the first bytes
    await new Promise<void>((resolve) => child.stdin.write(Buffer.alloc(1 << 20), () => resolve()));
    child.kill(signal);
    expect(await once(child, "exit")).toEqual([status, null]);
    expect(told).toBe(`oci-kit: stopped by ${signal}; what was complete stays\n`);
  });

  it("twice ends also what waits for a pipe that nobody opens", async () => {
    const pipe = join(place, "pipe");
    spawnSync("mkfifo", [pipe]);
    const child = spawn(process.execPath, [CLI, "inspect", `oci-archive:${pipe}`], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ended = once(child, "exit");
    // Only the system knows what it waits for, and not every one says so.
    for (let turn = 0; turn < 60 && !waitsFor(child.pid!).includes("wait_for_partner"); turn += 1) {
      await setTimeout(50);
    }
    child.kill("SIGINT");
    await setTimeout(200);
    child.kill("SIGINT");
    expect(await ended).toEqual([null, "SIGINT"]);
  });
});

/** What the threads of a process wait for in the kernel. */
function waitsFor(pid: number): string {
  const threads = `/proc/${pid}/task`;
  return readdirSync(threads)
    .map((thread) => readFileSync(join(threads, thread, "wchan"), "utf8"))
    .join(" ");
}
