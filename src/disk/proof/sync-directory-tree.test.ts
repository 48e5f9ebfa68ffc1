// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { removeTree } from "../../files/remove-tree.ts";
import { openDirectory } from "../directory.ts";
import { syncDirectoryTree } from "./sync-directory-tree.ts";

let top: string;

beforeEach(() => {
  top = fs.mkdtempSync(join(tmpdir(), "oci-kit-sync-"));
  fs.mkdirSync(join(top, "root/shut/deep"), { recursive: true });
  fs.mkdirSync(join(top, "beside"));
});
afterEach(() => removeTree(top));

it("a tree is synced file by file when whole file systems cannot be synced, whatever its modes and names", async () => {
  const name = Buffer.concat([Buffer.from(join(top, "root/")), Buffer.from([0x61, 0xff])]);
  fs.writeFileSync(name, "x");
  fs.symlinkSync("nowhere", join(top, "root/link"));
  fs.writeFileSync(join(top, "root/shut/deep/secret"), "x", { mode: 0 });
  fs.chmodSync(join(top, "root/shut"), 0o311);
  const disk = openDirectory(join(top, "root"), { widen: true });
  const asked: (readonly string[])[] = [];
  const syncWhole = (paths: readonly string[]): Promise<boolean> => {
    asked.push(paths);
    return Promise.resolve(asked.length > 1);
  };
  await syncDirectoryTree(disk, join(top, "beside"), { syncWhole });
  await syncDirectoryTree(disk, join(top, "beside"), { syncWhole });
  disk.close();
  expect(asked).toEqual(Array(2).fill([join(top, "root"), join(top, "beside")]));
  expect(fs.statSync(join(top, "root/shut")).mode & 0o7777).toBe(0o311);
  expect(fs.statSync(join(top, "root/shut/deep/secret")).mode & 0o7777).toBe(0);
});
