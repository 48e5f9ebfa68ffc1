// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { hostname, tmpdir, uptime } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeBoot, isOfEarlierBoot } from "./earlier-boot.ts";
import { withLock } from "./lock.ts";
import { isAbandoned, ownedName, stemOf, sweepAbandoned } from "./owned-name.ts";

let directory: string;
let lock: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-lock-"));
  lock = join(directory, "it");
});
afterEach(() => rm(directory, { recursive: true }));

/** A process that does nothing until it is killed. */
async function startProcess(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", "console.log(1); setInterval(() => {}, 1e6)"]);
  await once(child.stdout, "data");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** A lock name as the process with this id would make it. */
function nameOf(child: ChildProcess, stem: string): string {
  const [random = "", , , realm = ""] = ownedName(stem).split(".").reverse();
  return [stem, realm, child.pid, startOf(child), random].join(".");
}

function startOf(child: ChildProcess): string {
  if (process.platform !== "linux") return "0";
  const stat = readFileSync(`/proc/${child.pid}/stat`, "latin1");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]!;
}

describe("a lock", () => {
  it("lets one caller in at a time", async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await setTimeout(1);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, () => withLock(lock, work)));
    expect(most).toBe(1);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("returns the result of the work, and is released when the work fails", async () => {
    expect(await withLock(lock, () => 42)).toBe(42);
    const fails = (): never => {
      throw new Error("no");
    };
    await expect(withLock(lock, fails)).rejects.toThrow("no");
    expect(readdirSync(directory)).toEqual([]);
  });

  it("names its owner in the error after the timeout", async () => {
    await withLock(lock, async () => {
      const second = withLock(lock, () => 1, { timeout: 30, what: "the layout" });
      await expect(second).rejects.toMatchObject({
        code: "locked",
        message: expect.stringMatching(
          `^the layout: waited 30 ms for its lock; held by process ${process.pid} on .+ since 20`,
        ) as string,
      });
    });
  });

  it("reports once whom it waits for, and nothing when it need not wait", async () => {
    const told: string[] = [];
    const onWait = (holder: string): unknown => told.push(holder);
    await withLock(lock, () => 1, { onWait });
    expect(told).toEqual([]);
    await withLock(lock, async () => {
      const second = withLock(lock, () => 1, { timeout: 60, onWait });
      await expect(second).rejects.toMatchObject({ code: "locked" });
    });
    expect(told).toEqual([expect.stringMatching(`^process ${process.pid} on .+ since 20`)]);
  });

  it("stops waiting when aborted", async () => {
    await withLock(lock, async () => {
      const second = withLock(lock, () => 1, { signal: AbortSignal.timeout(10) });
      await expect(second).rejects.toMatchObject({ code: "aborted" });
    });
  });

  it("is kept by a living process, and taken over from a killed one", async () => {
    const owner = await startProcess();
    const file = join(directory, nameOf(owner, "it"));
    writeFileSync(file, "process 1 on nowhere\n");
    await expect(withLock(lock, () => 1, { timeout: 20 })).rejects.toMatchObject({
      code: "locked",
    });
    await kill(owner);
    expect(await withLock(lock, () => readdirSync(directory).length)).toBe(1);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("is taken over when another process has the id of the dead owner", async () => {
    const [random = "", , pid = "", realm = ""] = ownedName("it").split(".").reverse();
    if (process.platform !== "linux") return;
    writeFileSync(join(directory, ["it", realm, pid, "1", random].join(".")), "");
    expect(await withLock(lock, () => 1, { timeout: 0 })).toBe(1);
  });

  it("of another host is kept as long as it is touched, and taken over later", async () => {
    const foreign = join(directory, "it.0123456789ab.1.1.0123456789abcdef");
    writeFileSync(foreign, "process 1 on \u001b[31melsewhere");
    await expect(withLock(lock, () => 1, { timeout: 0 })).rejects.toMatchObject({
      code: "locked",
      message: expect.stringContaining("process 1 on \\x1b[31melsewhere") as string,
    });
    utimesSync(foreign, 0, Date.now() / 1000 - 3600);
    expect(await withLock(lock, () => 1, { timeout: 0 })).toBe(1);
  });

  it("from before a restart of this host or container is taken over at once", async () => {
    const foreign = join(directory, "it.0123456789ab.1.1.0123456789abcdef");
    const holds = (text: string, ageMs: number): void => {
      writeFileSync(foreign, text);
      utimesSync(foreign, new Date(), new Date(Date.now() - ageMs));
    };
    const isHeld = (): Promise<boolean> =>
      withLock(lock, () => false, { timeout: 0 }).catch(() => true);
    const boot = describeBoot();
    const earlier = boot.replace(/^boot \S+/, "boot 01234567-89ab-cdef-0123-456789abcdef");
    const since = (host: string): string => `process 1 on ${host} since 2026-01-01T00:00:00.000Z`;
    holds(`${since(hostname())}\n${boot}\n`, 0);
    expect(await isHeld()).toBe(true);
    holds(`${since("elsewhere")}\n${earlier.replace(/\S+$/, "0123456789abcdef")}\n`, 0);
    expect(await isHeld()).toBe(true);
    if (boot.includes("boot -") || boot.endsWith(" -")) return;
    holds(`${since(hostname())}\n${earlier}\n`, 0);
    expect(await isHeld()).toBe(false);
  });

  it("of an earlier version, which did not record its boot, is kept while its owner may be alive", () => {
    const text = `process 1 on ${hostname()} since 2026-01-01T00:00:00.000Z\n`;
    const started = Date.now() - uptime() * 1000;
    const silence = 120_000;
    expect(isOfEarlierBoot(text, Date.now(), silence)).toBe(false);
    expect(isOfEarlierBoot(text, started - silence - 1000, silence)).toBe(true);
    expect(isOfEarlierBoot(text.replace(hostname(), "elsewhere"), 0, silence)).toBe(false);
    expect(isOfEarlierBoot("", 0, silence)).toBe(false);
  });

  it("is independent of a lock whose name begins with its own", async () => {
    await withLock(`${lock}.too`, async () => {
      expect(await withLock(lock, () => 1, { timeout: 0 })).toBe(1);
    });
  });

  it("fails where its file can't be made", async () => {
    await expect(withLock(join(directory, "no", "it"), () => 1)).rejects.toMatchObject({
      code: "not-found",
    });
    writeFileSync(join(directory, "file"), "");
    await expect(withLock(join(directory, "file", "it"), () => 1)).rejects.toMatchObject({
      code: "unwritable",
    });
  });
});

describe("an owned name", () => {
  it("has its stem, and is different each time", () => {
    expect(stemOf(ownedName("a.b"))).toBe("a.b");
    expect(stemOf("a.b")).toBeUndefined();
    expect(ownedName("a")).not.toBe(ownedName("a"));
  });

  it("is swept when its owner is dead, or unknown and old, and kept otherwise", async () => {
    const owner = await startProcess();
    const dead = nameOf(owner, ".x.dead");
    await kill(owner);
    const mine = ownedName(".x.mine");
    const foreign = (stem: string): string => `${stem}.0123456789ab.1.1.0123456789abcdef`;
    const names = [dead, mine, foreign(".x.old"), foreign(".x.new"), ".x.of-somebody", "other"];
    for (const name of names) mkdirSync(join(directory, name));
    utimesSync(join(directory, foreign(".x.old")), 0, 0);
    utimesSync(join(directory, ".x.of-somebody"), 0, 0);
    utimesSync(join(directory, mine), 0, 0);
    utimesSync(join(directory, "other"), 0, 0);
    sweepAbandoned(directory, ".x", 60_000);
    expect(readdirSync(directory).sort()).toEqual(
      [foreign(".x.new"), mine, ".x.of-somebody", "other"].sort(),
    );
    expect(isAbandoned(join(directory, "gone"), 0)).toBe(false);
  });
});
