// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Workspace,
  assembleIn,
  createWorkspace,
  recipe,
} from "../../../test/fixtures/assemble.ts";
import { type ByteString, fromBytes } from "../../bytes/byte-string.ts";
import { openDirectory } from "../../disk/directory.ts";
import type { XattrCalls } from "../../disk/xattrs/xattr-calls.ts";
import { type PlainDirectory, readPlainDirectory } from "./plain-directory.ts";
import type { DirectoryInput } from "../recipe/recipe.ts";
import { planAssembly } from "../assemble.ts";

let workspace: Workspace;
let directory: string;
beforeEach(() => {
  workspace = createWorkspace();
  directory = join(workspace.directory, "tree");
  mkdirSync(directory);
  writeFileSync(join(directory, "ping"), "ELF");
});
afterEach(() => workspace.remove());

const CAPABILITY = new Uint8Array([1, 0, 0, 2, 0, 0x20, 0, 0xff]);

/** The extended attribute calls as on a machine with SELinux: `ping` has a capability, every file has a label. */
function labelled(capability = CAPABILITY, label = "here"): () => XattrCalls {
  return () => ({
    listAttributesSync: (path) => [
      "security.selinux",
      ...(basename(path) === "ping" ? ["security.capability"] : []),
    ],
    getAttributeSync: (_, name) =>
      name === "security.capability" ? capability : new TextEncoder().encode(label),
  });
}

const notInstalled = (): never => {
  throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
};

async function read(
  loadXattrs: () => XattrCalls,
  xattrs?: DirectoryInput["xattrs"],
): Promise<PlainDirectory> {
  const opened = openDirectory(directory, { loadXattrs, dumpXattrs: () => undefined });
  try {
    return await readPlainDirectory(opened, { directory, xattrs }, {});
  } finally {
    opened.close();
  }
}

const namesOf = ({ root }: PlainDirectory, path: string): string[] => [
  ...root.lstat(path as ByteString)!.xattrs.keys(),
];

describe("the extended attributes of a plain directory", () => {
  it("are copied, except for SELinux labels", async () => {
    const plain = await read(labelled());
    expect([...plain.root.lstat("/ping" as ByteString)!.xattrs]).toEqual([
      ["security.capability", fromBytes(CAPABILITY)],
    ]);
    expect(namesOf(plain, "/")).toEqual([]);
    expect(plain.unread).toBeUndefined();
  });

  it("are copied with their labels, or not at all, if the recipe says so", async () => {
    const kept = await read(labelled(), "keep");
    expect(namesOf(kept, "/ping")).toEqual(["security.capability", "security.selinux"]);
    const none = await read(notInstalled, "drop");
    expect(namesOf(none, "/ping")).toEqual([]);
    expect(none.unread).toBeUndefined();
  });

  it("count for the tree's digest if they are copied", async () => {
    const digestOf = async (...from: Parameters<typeof read>): Promise<string> =>
      (await read(...from)).digest;
    const first = await digestOf(labelled());
    expect(await digestOf(labelled(CAPABILITY, "elsewhere"))).toBe(first);
    expect(await digestOf(labelled(Uint8Array.from(CAPABILITY).reverse()))).not.toBe(first);
    expect(await digestOf(labelled(), "keep")).not.toBe(first);
    expect(await digestOf(labelled(), "drop")).not.toBe(first);
  });

  it("are counted if they can't be read", async () => {
    const { root, unread } = await read(notInstalled);
    expect(unread).toMatchObject({ count: 2, reason: { code: "unsupported-operation" } });
    expect(root.lstat("/ping" as ByteString)?.xattrs.size).toBe(0);
  });

  it("make reading fail if the system refuses to show them", async () => {
    const refused = (): XattrCalls => ({ ...labelled()(), getAttributeSync: () => null });
    await expect(read(refused)).rejects.toMatchObject({ code: "unreadable" });
  });
});

describe.runIf(process.platform === "linux")(
  "extended attributes that can't be read on Linux",
  () => {
    it("because a command is missing give one warning for each artifact, even if nothing changed, unless the recipe drops them", async () => {
      for (const last of [0xe8, 0xe9]) {
        writeFileSync(Buffer.from([...Buffer.from(`${directory}/caf`), last]), "");
      }
      const steps = [{ kind: "copy", from: "demo", path: "/ping" } as const];
      const what = recipe({ artifacts: { demo: { directory } }, steps });
      const canRead = spawnSync("getfattr", ["--version"]).error === undefined;
      const warning = {
        kind: "unread-xattrs",
        where: "demo",
        message: expect.stringContaining("extended attributes") as string,
      };
      for (const changed of [true, false]) {
        const { result } = await assembleIn(workspace, what);
        expect(result.changed).toBe(changed);
        expect(result.warnings).toEqual(canRead ? [] : [warning]);
      }
      expect((await planAssembly(what)).warnings).toEqual(canRead ? [] : [warning]);
      const without = recipe({ artifacts: { demo: { directory, xattrs: "drop" } }, steps });
      expect((await assembleIn(workspace, without)).result.warnings).toEqual([]);
    });
  },
);
