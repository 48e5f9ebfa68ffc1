// SPDX-License-Identifier: MIT
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { JOURNAL_RECORDS, labelOf, listJournal, openJournal, sweepJournal } from "./journal.ts";

let place: string;
let directory: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-test-"));
  directory = join(place, "journal");
});
afterEach(() => rmSync(place, { recursive: true }));

const HOUR = 3600_000;
const age = (key: string, hours: number): void => {
  const time = new Date(Date.now() - hours * HOUR);
  utimesSync(join(directory, key), time, time);
};

describe("a journal", () => {
  it("hands a record on when it is released, and not before", () => {
    const record = openJournal(directory).create("key", "what it is", "one");
    record.write("two");
    expect(openJournal(directory).claim("key")).toBeUndefined();
    expect(listJournal(directory)).toMatchObject([{ key: "key", isHeld: true }]);
    record.release();
    const next = openJournal(directory).claim("key");
    expect(next?.text).toBe("two");
    next?.remove();
    next?.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("is private, whatever the umask", () => {
    const before = process.umask(0);
    try {
      openJournal(directory).create("key", "", "secret");
    } finally {
      process.umask(before);
    }
    const [name = ""] = readdirSync(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  });

  it("takes nothing that others could have written", () => {
    openJournal(directory).create("key", "", "text").release();
    chmodSync(join(directory, "key"), 0o644);
    expect(openJournal(directory).claim("key")).toBeUndefined();
    writeFileSync(join(place, "outside"), "\ntext", { mode: 0o600 });
    symlinkSync(join(place, "outside"), join(directory, "key"));
    expect(openJournal(directory).claim("key")).toBeUndefined();
    expect(existsSync(join(place, "outside"))).toBe(true);
  });

  it("says to people what a record is about, and not what it holds", () => {
    openJournal(directory).create("key", "registry.example/a", "secret").release();
    openJournal(directory).create("other", "", "secret").release();
    expect(listJournal(directory).map(labelOf).sort()).toEqual(["other", "registry.example/a"]);
  });

  it("is bounded in age and number, and spares what is worked with", () => {
    const journal = openJournal(directory);
    journal.create("held", "", "");
    for (const key of ["old", "young"]) journal.create(key, "", "").release();
    age("old", 200);
    sweepJournal(directory, 100 * HOUR);
    expect(
      listJournal(directory)
        .map(({ key }) => key)
        .sort(),
    ).toEqual(["held", "young"]);
    for (let at = 0; at < JOURNAL_RECORDS; at += 1) {
      writeFileSync(join(directory, `n${at}`), "", { mode: 0o600 });
    }
    age("young", 1);
    openJournal(directory).create("fresh", "", "");
    const keys = listJournal(directory).map(({ key }) => key);
    expect(keys).toHaveLength(JOURNAL_RECORDS + 2);
    expect(keys).not.toContain("young");
  });

  it("does no harm where it can't be written", () => {
    writeFileSync(directory, "a file");
    const record = openJournal(directory).create("key", "", "text");
    record.write("more");
    record.release();
    expect(record.text).toBe("more");
    expect(openJournal(directory).claim("key")).toBeUndefined();
    expect(listJournal(directory)).toEqual([]);
  });
});
