// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { b, directory, file, mergeImage } from "../../../test/fixtures/layers.ts";
import { findComponents } from "./find-components.ts";
import { parseRpmDatabase } from "./rpm-records.ts";
import { DatabaseFault } from "./sqlite-table.ts";

const fixture = new URL("../../../test/fixtures/rpm/rpmdb.sqlite.gz", import.meta.url);
const database = new Uint8Array(gunzipSync(readFileSync(fixture)));
const PLACE = "usr/lib/sysimage/rpm/rpmdb.sqlite";

/** The database with some bytes changed. */
function damaged(change: (bytes: Uint8Array, view: DataView) => void): Uint8Array {
  const bytes = database.slice();
  change(bytes, new DataView(bytes.buffer));
  return bytes;
}

const readAll = (bytes: Uint8Array): number => [...parseRpmDatabase(bytes)].length;

describe("rpm's database", () => {
  it("names the files of every package, also of one whose header takes several pages", () => {
    const byPackage = new Map<string, string[]>();
    for (const { path, name, source } of parseRpmDatabase(database)) {
      expect(source).toBe("many");
      byPackage.set(name, [...(byPackage.get(name) ?? []), path]);
    }
    expect(byPackage.size).toBe(41);
    expect(byPackage.get("small7")).toEqual(["/opt/shared", "/opt/small/7"]);
    // Three directories, and three hundred files in two of them.
    expect(byPackage.get("many")).toHaveLength(603);
    expect(byPackage.get("many")).toContain("/opt/many/b/300");
  });

  it("says which files of an image belong together; a file of several packages is the first's", async () => {
    const pieces = [
      directory("opt"),
      ...["small/7", "small/12", "shared", "many/a/1", "other"].map((path) =>
        file(`opt/${path}`, "x"),
      ),
      file(PLACE, database),
    ];
    const { notices, ...components } = await findComponents(await mergeImage([pieces]));
    expect(notices).toEqual([]);
    const paths = ["small/7", "small/12", "shared", "many/a/1", "other"];
    expect(paths.map((path) => components.of(b(`/opt/${path}`)).name)).toEqual([
      ...["small7", "small12", "small1", "many", "/opt/other"],
    ]);
  });

  it("that lies in a write-ahead log in part is used, and a notice says so", async () => {
    const pieces = [file(PLACE, database), file(`${PLACE}-wal`, "x"), file("opt/small/7", "x")];
    const { notices, ...components } = await findComponents(await mergeImage([pieces]));
    expect(components.of(b("/opt/small/7")).name).toBe("small7");
    expect(notices).toEqual([expect.stringContaining("rpmdb.sqlite-wal: not read")]);
  });

  it("of SUSE or of old releases is not read, and a notice says so", async () => {
    for (const name of ["usr/lib/sysimage/rpm/Packages.db", "var/lib/rpm/Packages"]) {
      const { notices } = await findComponents(await mergeImage([[file(name, "x")]]));
      expect(notices).toEqual([expect.stringContaining("in a form that is not read")]);
    }
  });
});

describe("a database of rpm that is damaged or hostile", () => {
  it("is not used at all, so that files are grouped by directory", async () => {
    for (const bytes of [database.slice(0, 200_000), new Uint8Array(5_000), Buffer.from("x")]) {
      const pieces = [file(PLACE, bytes), file("opt/small/7", "x")];
      const { notices, ...components } = await findComponents(await mergeImage([pieces]));
      expect(components.of(b("/opt/small/7")).name).toBe("/opt/small");
      expect(notices).toEqual([
        expect.stringMatching(/rpmdb\.sqlite: .*not read; files are grouped/),
      ]);
    }
  });

  it("whose pages point at each other in a circle ends with a fault", () => {
    const page = damaged((bytes, view) => {
      // An interior page whose last child is the page itself, in place of the schema.
      bytes[100] = 0x05;
      view.setUint16(103, 0);
      view.setUint32(108, 1);
    });
    expect(() => readAll(page)).toThrow(/used twice/);
  });

  it("whose cells all name the same bytes ends with a fault before it reads them over and over", () => {
    const page = damaged((_, view) => {
      const cell = view.getUint16(108);
      view.setUint16(103, 1_500);
      for (let at = 0; at < 1_500; at += 1) view.setUint16(108 + at * 2, cell);
    });
    expect(() => readAll(page)).toThrow(DatabaseFault);
  });

  it("ends with a fault or with its files, whatever byte is another", () => {
    let faults = 0;
    for (let at = 0; at < database.length; at += 1_999) {
      for (const value of [0, 0xff]) {
        try {
          readAll(damaged((bytes) => (bytes[at] = value)));
        } catch (error) {
          expect(error).toBeInstanceOf(DatabaseFault);
          faults += 1;
        }
      }
    }
    expect(faults).toBeGreaterThan(0);
  });
});
