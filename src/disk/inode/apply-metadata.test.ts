// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeNode } from "../../../test/fixtures/nodes.ts";
import { createMetadataPolicy } from "../metadata-policy.ts";
import { applyMetadata } from "./apply-metadata.ts";

const IS_ROOT = process.geteuid?.() === 0;
const UID = process.geteuid?.() ?? 0;
const GID = process.getegid?.() ?? 0;

let base: string;
let file: string;

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "metadata-"));
  file = join(base, "file");
  fs.writeFileSync(file, "x", { mode: 0o600 });
});

afterEach(() => {
  fs.rmSync(base, { recursive: true, force: true });
});

function modeOf(path = file): number {
  return fs.lstatSync(path).mode & 0o7777;
}

describe("the metadata of an inode", () => {
  it.each([
    ["by its path", false],
    ["by its descriptor", true],
  ])("are set %s", (_, isOpen) => {
    const fd = isOpen ? fs.openSync(file, "r+") : undefined;
    const node = makeNode({ mode: 0o751, uid: UID, gid: GID, mtime: 1_600_000_000 });
    const policy = createMetadataPolicy();
    applyMetadata({ path: file, fd }, node, policy);
    if (fd !== undefined) fs.closeSync(fd);
    expect(modeOf()).toBe(0o751);
    expect(fs.lstatSync(file).mtimeMs).toBe(1_600_000_000_000);
    expect(policy.refusals.xattrs.size).toBe(0);
  });

  it("are set even when its mode permits nothing", () => {
    fs.mkdirSync(join(base, "d"));
    for (const path of [file, join(base, "d")]) {
      const type = path === file ? "file" : "directory";
      const node = makeNode({ type, mode: 0, uid: UID, gid: GID, mtime: -5 });
      applyMetadata({ path }, node, createMetadataPolicy());
      applyMetadata({ path, existed: true }, node, createMetadataPolicy());
      expect(modeOf(path)).toBe(0);
      expect(fs.lstatSync(path).mtimeMs).toBe(-5000);
    }
    fs.chmodSync(join(base, "d"), 0o700);
  });

  it("are set on a link itself, never on its target", () => {
    const link = join(base, "link");
    fs.symlinkSync("file", link);
    const before = fs.statSync(file);
    applyMetadata(
      { path: link },
      makeNode({ type: "symlink", mode: 0o777, uid: UID, gid: GID, mtime: 7 }),
      createMetadataPolicy(),
    );
    expect(fs.lstatSync(link).mtimeMs).toBe(7000);
    const { mode, mtimeMs, uid } = fs.statSync(file);
    expect({ mode, mtimeMs, uid }).toEqual({
      mode: before.mode,
      mtimeMs: before.mtimeMs,
      uid: before.uid,
    });
  });

  it.runIf(process.platform === "linux")(
    "are never set through a link that took the file's place",
    () => {
      fs.writeFileSync(join(base, "outside"), "", { mode: 0o600 });
      fs.unlinkSync(file);
      fs.symlinkSync("outside", file);
      const attempt = (): void => {
        applyMetadata(
          { path: file },
          makeNode({ mode: 0o666, uid: UID, gid: GID }),
          createMetadataPolicy(),
        );
      };
      expect(attempt).toThrow(expect.objectContaining({ code: "unwritable" }));
      expect(modeOf(join(base, "outside"))).toBe(0o600);
    },
  );

  it("cause an error that names the path when every disk supports them but setting fails", () => {
    const attempt = (): void => {
      applyMetadata(
        { path: join(base, "no"), existed: true },
        makeNode(),
        createMetadataPolicy({ sameOwner: false }),
      );
    };
    expect(attempt).toThrow(
      expect.objectContaining({
        code: "unwritable",
        message: expect.stringContaining("no: its mode can't be set") as string,
      }),
    );
  });

  it.runIf(process.platform === "linux")("are set on files whose names are not UTF-8", () => {
    const name = Buffer.concat([Buffer.from(`${base}/`), Buffer.from([0x63, 0xe9])]);
    fs.writeFileSync(name, "");
    const directory = Buffer.concat([name, Buffer.from("d")]);
    fs.mkdirSync(directory);
    for (const path of [name, directory]) {
      const type = path === name ? "file" : "directory";
      const node = makeNode({ type, mode: 0o711, uid: UID, gid: GID, mtime: 9 });
      applyMetadata({ path, existed: true }, node, createMetadataPolicy());
      const { mode, mtimeMs } = fs.lstatSync(path);
      expect([mode & 0o7777, mtimeMs]).toEqual([0o711, 9000]);
    }
    expect(fs.readdirSync(base).length).toBe(3);
  });
});

describe("the owner of an inode", () => {
  const set = (uid: number, gid: number, mode = 0o6755, options = {}, existed = false) => {
    const policy = createMetadataPolicy(options);
    applyMetadata({ path: file, existed }, makeNode({ uid, gid, mode }), policy);
    const { uid: user, gid: group } = fs.lstatSync(file);
    return { owner: [user, group], mode: modeOf(), refusal: policy.refusals.owner };
  };

  it("is set by root and keeps setuid and setgid; for an ordinary user neither owner nor bits are set", () => {
    const result = set(12_345, 54_321);
    if (IS_ROOT)
      expect(result).toEqual({ owner: [12_345, 54_321], mode: 0o6755, refusal: undefined });
    else expect(result).toEqual({ owner: [UID, GID], mode: 0o755, refusal: "only root can" });
  });

  it("can be the highest number that exists", () => {
    const highest = 2 ** 32 - 2;
    expect(set(highest, highest).owner).toEqual(IS_ROOT ? [highest, highest] : [UID, GID]);
  });

  it("is left alone when asked, and setuid is then set only if the owner is right anyway", () => {
    expect(set(UID, GID, 0o6755, { sameOwner: false })).toMatchObject({ mode: 0o6755 });
    expect(set(UID + 1, GID, 0o7755, { sameOwner: false })).toMatchObject({ mode: 0o3755 });
    expect(set(UID, GID + 1, 0o7755, { sameOwner: false })).toMatchObject({
      mode: 0o5755,
      owner: [UID, GID],
      refusal: IS_ROOT ? "it was not asked for" : "only root can",
    });
  });

  it("is translated through the id map; one outside the map is refused and recorded", () => {
    const uidMap = [{ image: 5, disk: UID, size: 1 }];
    const gidMap = [{ image: 6, disk: GID, size: 1 }];
    const options = { sameOwner: true, uidMap, gidMap };
    expect(set(5, 6, 0o6755, options)).toEqual({
      owner: [UID, GID],
      mode: 0o6755,
      refusal: undefined,
    });
    expect(set(0, 6, 0o6755, options, true)).toEqual({
      owner: [UID, GID],
      mode: 0o2755,
      refusal: "no range of the ID map has the user 0",
    });
    expect(set(5, 7, 0o6755, options, true)).toMatchObject({
      mode: 0o4755,
      refusal: "no range of the ID map has the group 7",
    });
  });

  it("that the system refuses to set is recorded, and is no error", () => {
    const result = set(UID + 1, GID, 0o4755, { sameOwner: true }, true);
    if (IS_ROOT) expect(result.owner).toEqual([UID + 1, GID]);
    else
      expect(result).toEqual({
        owner: [UID, GID],
        mode: 0o755,
        refusal: "the system refuses it (EPERM)",
      });
  });

  it("is set on an inode that was there before, whatever owner new files get", () => {
    const policy = createMetadataPolicy();
    const node = makeNode({ uid: UID, gid: GID });
    applyMetadata({ path: file }, node, policy);
    if (IS_ROOT) fs.chownSync(file, 7, 7);
    applyMetadata({ path: file, existed: true }, node, policy);
    expect(fs.lstatSync(file).uid).toBe(UID);
  });

  it("is set on a link itself", () => {
    const link = join(base, "link");
    fs.symlinkSync("file", link);
    applyMetadata(
      { path: link },
      makeNode({ type: "symlink", uid: 77, gid: 78 }),
      createMetadataPolicy(),
    );
    const { uid, gid } = fs.lstatSync(link);
    expect([uid, gid]).toEqual(IS_ROOT ? [77, 78] : [UID, GID]);
    expect(fs.lstatSync(file).uid).toBe(UID);
  });

  it("cannot be both set and kept in an attribute", () => {
    expect(() => createMetadataPolicy({ sameOwner: true, rootlessXattr: true })).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
    expect(createMetadataPolicy({ rootlessXattr: true }).sameOwner).toBe(false);
    expect(() => createMetadataPolicy({ uidMap: [{ image: 0, disk: 0, size: 0 }] })).toThrow(
      "ID map",
    );
    expect(() => createMetadataPolicy({ gidMap: [{ image: 0, disk: 0, size: -1 }] })).toThrow(
      "ID map",
    );
  });
});
