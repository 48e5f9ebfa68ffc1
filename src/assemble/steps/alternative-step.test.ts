// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Assembled,
  type Workspace,
  assembleIn,
  createWorkspace,
  recipe,
} from "../../../test/fixtures/assemble.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import type { LayerFiles } from "../../testing/build-image.ts";
import type { AlternativeStep, Step } from "../recipe/recipe.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = createWorkspace();
});
afterEach(() => workspace.remove());

const RECORD = "/var/lib/dpkg/alternatives/cc";
const DEBIAN: LayerFiles = {
  "etc/alternatives/cc": { symlink: "/usr/bin/gcc" },
  "etc/alternatives/cc.1.gz": { symlink: "/usr/share/man/man1/gcc.1.gz" },
  "usr/bin/cc": { symlink: "/etc/alternatives/cc" },
  "usr/share/man/man1/cc.1.gz": { symlink: "/etc/alternatives/cc.1.gz" },
  "var/lib/dpkg/alternatives/cc":
    "auto\n/usr/bin/cc\ncc.1.gz\n/usr/share/man/man1/cc.1.gz\n\n/usr/bin/gcc\n20\n/usr/share/man/man1/gcc.1.gz\n\n",
};

const cc = (more: Partial<AlternativeStep> = {}): AlternativeStep => ({
  kind: "alternative",
  name: "cc",
  link: "/usr/bin/cc",
  path: "/opt/gcc-16.2.0/bin/gcc",
  priority: 150,
  ...more,
});

async function make(base: LayerFiles, ...steps: Step[]): Promise<Assembled> {
  const reference = await workspace.image("base", { layers: [base] });
  return assembleIn(workspace, recipe({ base: { reference }, steps }));
}

function targetOf({ tree }: Assembled, path: string): string | undefined {
  return tree.lstat(path as ByteString)?.linkTarget;
}

describe("an alternative step", () => {
  it("makes both links and the record that update-alternatives would write", async () => {
    const made = await make({}, cc());
    expect(targetOf(made, "/usr/bin/cc")).toBe("/etc/alternatives/cc");
    expect(targetOf(made, "/etc/alternatives/cc")).toBe("/opt/gcc-16.2.0/bin/gcc");
    expect(await made.text(RECORD)).toBe("auto\n/usr/bin/cc\n\n/opt/gcc-16.2.0/bin/gcc\n150\n\n");
  });

  it("keeps the choices of the base and removes the links of slaves that the new choice lacks", async () => {
    const made = await make(DEBIAN, cc());
    expect(await made.text(RECORD)).toBe(
      "auto\n/usr/bin/cc\ncc.1.gz\n/usr/share/man/man1/cc.1.gz\n\n" +
        "/opt/gcc-16.2.0/bin/gcc\n150\n\n/usr/bin/gcc\n20\n/usr/share/man/man1/gcc.1.gz\n\n",
    );
    expect(targetOf(made, "/etc/alternatives/cc")).toBe("/opt/gcc-16.2.0/bin/gcc");
    expect(targetOf(made, "/etc/alternatives/cc.1.gz")).toBeUndefined();
    expect(targetOf(made, "/usr/share/man/man1/cc.1.gz")).toBeUndefined();
  });

  it("sets the status to manual if the base has a better choice, but still makes the link lead to the new one", async () => {
    const made = await make(DEBIAN, cc({ priority: 5 }));
    expect(await made.text(RECORD)).toMatch(/^manual\n/);
    expect(targetOf(made, "/etc/alternatives/cc")).toBe("/opt/gcc-16.2.0/bin/gcc");
  });

  it("adds to the record of an earlier step of the layer and makes the links of its slaves", async () => {
    const slaves = [{ name: "c99", link: "/usr/bin/c99", path: "/opt/clang/bin/c99" }];
    const made = await make({}, cc(), cc({ path: "/opt/clang/bin/clang", priority: 160, slaves }));
    expect(await made.text(RECORD)).toBe(
      "auto\n/usr/bin/cc\nc99\n/usr/bin/c99\n\n/opt/clang/bin/clang\n160\n/opt/clang/bin/c99\n" +
        "/opt/gcc-16.2.0/bin/gcc\n150\n\n\n",
    );
    expect(targetOf(made, "/usr/bin/c99")).toBe("/etc/alternatives/c99");
    expect(targetOf(made, "/etc/alternatives/c99")).toBe("/opt/clang/bin/c99");
  });

  it.each<[string, LayerFiles, AlternativeStep]>([
    ["unreadable", { "var/lib/dpkg/alternatives/cc": "garbage" }, cc()],
    ["invalid-recipe", DEBIAN, cc({ link: "/usr/local/bin/cc" })],
    ["invalid-recipe", {}, cc({ name: "../cc" })],
    ["invalid-recipe", {}, cc({ name: "a b" })],
    ["invalid-recipe", {}, cc({ path: "/opt/a\nb" })],
    ["invalid-recipe", {}, cc({ path: "bin/gcc" })],
    ["invalid-recipe", {}, cc({ priority: 1.5 })],
  ])("is %s otherwise", async (code, base, step) => {
    await expect(make(base, step)).rejects.toMatchObject({ code });
  });
});
