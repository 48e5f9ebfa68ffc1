// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostileLayers } from "../../src/testing/hostile/hostile-layers.ts";

const SUBJECT = join(import.meta.dirname, "hostile-subject.mjs");
const ORDINARY = 65_534;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-users-"));
  chmodSync(directory, 0o1777);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("unpacking each hostile image", () => {
  it.each([
    ["root", 0],
    ["an ordinary user", ORDINARY],
  ])("does no harm as %s", (_who, uid) => {
    const { status, stdout } = spawnSync(
      process.execPath,
      ["--test", "--test-reporter=tap", SUBJECT],
      {
        uid,
        gid: uid,
        cwd: "/",
        env: { ...process.env, TMPDIR: directory, HOME: directory, NODE_OPTIONS: "" },
        encoding: "utf8",
        maxBuffer: 1 << 28,
      },
    );
    const failed = stdout.split("\n").filter((line) => /^\s*not ok/.test(line));
    expect(failed).toEqual([]);
    expect(stdout).toMatch(new RegExp(`^# pass ${hostileLayers.length}$`, "m"));
    expect(status).toBe(0);
  });
});
