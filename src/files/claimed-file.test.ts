// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimFile, listClaimable, releaseFile } from "./claimed-file.ts";
import { ownedName } from "./owned-name.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const put = (name: string, text: string, minutesAgo = 0): void => {
  writeFileSync(join(directory, name), text);
  const time = new Date(Date.now() - minutesAgo * 60_000);
  utimesSync(join(directory, name), time, time);
};
/** The name of a file of a process on another machine. */
const elsewhere = (stem: string): string => `${stem}.0123456789ab.12345.1.0123456789abcdef`;

describe("a file that outlives who works with it", () => {
  it("is claimed by one, and by nobody else until it is released", () => {
    put("work", "text");
    const mine = claimFile(directory, "work");
    expect(readFileSync(mine!, "utf8")).toBe("text");
    expect(claimFile(directory, "work")).toBeUndefined();
    expect(listClaimable(directory)).toMatchObject([{ stem: "work", isHeld: true }]);
    releaseFile(mine!, "work");
    expect(readdirSync(directory)).toEqual(["work"]);
    expect(claimFile(directory, "work")).toBeDefined();
  });

  it("is claimed from a dead process at once, and from one of another machine when it is silent", () => {
    const dead = ownedName("work").replace(/\.\d+\.\d+\.(?=[0-9a-f]{16}$)/, ".999999999.1.");
    put(dead, "dead");
    expect(readFileSync(claimFile(directory, "work")!, "utf8")).toBe("dead");
    put(elsewhere("other"), "far", 5);
    expect(claimFile(directory, "other")).toBeUndefined();
    put(elsewhere("other"), "far", 15);
    expect(readFileSync(claimFile(directory, "other")!, "utf8")).toBe("far");
  });

  it("is not claimed under another name, and of several the latest is", () => {
    put("work", "old", 20);
    put(elsewhere("work"), "newer", 15);
    put("workshop", "not this");
    expect(readFileSync(claimFile(directory, "work")!, "utf8")).toBe("newer");
    expect(readFileSync(claimFile(directory, "work")!, "utf8")).toBe("old");
    expect(claimFile(directory, "work")).toBeUndefined();
  });
});
