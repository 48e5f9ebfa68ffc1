// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../../test/fixtures/images-project.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { buildImage } from "../../testing/build-image.ts";

let project: ImagesProject;

const SHELL = {
  ...{ content: "#!/bin/x\n", mode: 0o4755, uid: 1000, gid: 50, mtime: 1_714_564_800 },
};

beforeEach(async () => {
  project = await createImagesProject();
  const store = await openLayout("looked", { create: true });
  const base = {
    "bin/sh": SHELL,
    "bin/dash": { hardlink: "bin/sh" },
    link: { symlink: "bin" },
    null: { type: "character", deviceMajor: 1, deviceMinor: 3, mode: 0o666 },
    "data.bin": new Uint8Array([0, 255, 254]),
    "tab\\x": "one\ttwo\u001b[2J\n",
  } as const;
  await buildImage(store, { layers: [base], tag: "base", config: { Env: ["A=1"] } });
  const top = { ".wh.null": "", "bin/sh": { ...SHELL, content: "#!/bin/y\n" } };
  await buildImage(store, { layers: [base, top], tag: "top" });
});
afterEach(() => project.remove());

const run = async (...words: string[]) => project.run(...words);

describe("ls", () => {
  it("prints absolute paths, one a line, and follows a link to a directory", async () => {
    expect(await run("ls", "oci:looked:top")).toMatchObject({
      status: 0,
      stdout: "/bin\n/data.bin\n/link\n/tab\\\\x\n",
      stderr: "",
    });
    expect((await run("ls", "oci:looked:top", "link")).stdout).toBe("/bin/dash\n/bin/sh\n");
  });

  it("with -l prints mode, names, owner, size or device, time, and does not follow", async () => {
    expect((await run("ls", "-la", "oci:looked:base", "/")).stdout).toBe(
      "drwxr-xr-x 2 0 0    0 1970-01-01T00:00:00Z /bin\n" +
        "-rw-r--r-- 1 0 0    3 1970-01-01T00:00:00Z /data.bin\n" +
        "lrwxrwxrwx 1 0 0    0 1970-01-01T00:00:00Z /link -> bin\n" +
        "crw-rw-rw- 1 0 0 1, 3 1970-01-01T00:00:00Z /null\n" +
        "-rw-r--r-- 1 0 0   12 1970-01-01T00:00:00Z /tab\\\\x\n",
    );
    expect((await run("ls", "-l", "oci:looked:base", "/link")).stdout).toMatch(/\/link -> bin\n$/);
    expect((await run("ls", "-l", "oci:looked:base", "/link/")).stdout).toContain(
      "-rwsr-xr-x 2 1000 50 9 2024-05-01T12:00:00Z /bin/sh\n",
    );
  });

  it("with --layer shows that layer alone, its whiteouts too", async () => {
    const { stdout } = await run("ls", "-lR", "oci:looked:top", "--layer", "1");
    expect(stdout).toContain(
      "w--------- 1    0  0 0 1970-01-01T00:00:00Z /.wh.null removes /null\n",
    );
    const { status, stderr } = await run("ls", "oci:looked:top", "--layer", "2");
    expect(stderr).toContain("which are 0 (the lowest) to 1, got 2");
    expect(status).toBe(1);
  });

  it("asks for a platform where an index has several images", async () => {
    expect((await run("ls", "oci:images:all")).stderr).toContain("--platform");
    const { status } = await run("ls", "oci:images:all", "--platform", "linux/riscv64");
    expect(status).toBe(0);
  });

  it("takes a plain directory, and a name as it was printed", async () => {
    project.write("rootfs/etc/passwd", "");
    expect((await run("ls", "-R", "dir:rootfs")).stdout).toBe("/etc\n/etc/passwd\n");
    expect((await run("ls", "-l", "./rootfs")).stdout).toMatch(/^drwx\S+ 2 .* \/etc\n$/);
    const { document } = await project.json("stat", "./rootfs", "/etc", "/etc/passwd");
    const digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    expect(document).toMatchObject({ entries: [{ links: 2 }, { links: 1, digest, xattrs: [] }] });
    expect((await project.json("find", "dir:rootfs", "--type", "d")).document).toMatchObject({
      entries: [{ path: "/", links: 3 }, { path: "/etc" }],
    });
    expect((await run("ls", "oci:looked:top", "/tab\\\\x")).stdout).toBe("/tab\\\\x\n");
  });
});

describe("cat", () => {
  it("writes the bytes of files, found through links", async () => {
    const { status, bytes, stdout } = await run("cat", "oci:looked:top", "/link/sh", "/data.bin");
    expect(Buffer.from(bytes!).toString("latin1")).toBe("#!/bin/y\n\u0000\u00ff\u00fe");
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });

  it("escapes text on a terminal and keeps its tabs, and refuses to put binary there", async () => {
    const shown = await project.runWith(
      { isTTY: true },
      "cat",
      "oci:looked:top",
      "/tab\\\\x",
      "-q",
    );
    expect(shown.stdout).toBe("one\ttwo\\x1b[2J\n");
    const refused = await project.runWith(
      { isTTY: true },
      "cat",
      "oci:looked:top",
      "/data.bin",
      "-q",
    );
    expect(refused).toMatchObject({ status: 1, stdout: "" });
    expect(refused.stderr).toContain("expected text for a terminal, got a binary file");
  });

  it.each([
    ["/bin", "expected a file, got a directory"],
    ["/nowhere/at/all", "the nearest that exists is /"],
    ["/null", "the nearest that exists is /"],
  ])("says what is wrong with %s before it writes anything", async (path, message) => {
    const { status, bytes, stderr } = await run("cat", "oci:looked:top", "/bin/sh", path);
    expect(stderr).toContain(message);
    expect(bytes).toBeUndefined();
    expect(status).toBe(1);
  });
});

describe("stat", () => {
  it("shows everything that is recorded of a link, and with -L of what it leads to", async () => {
    expect((await run("stat", "oci:looked:base", "/link")).stdout).toBe(
      "  Path: /link -> bin\n  Type: symlink\n Links: 1\n  Mode: 0777 (lrwxrwxrwx)\n Owner: 0:0\n" +
        "Modify: 1970-01-01T00:00:00Z\n Layer: 0\n",
    );
    expect((await run("stat", "-L", "oci:looked:base", "/link")).stdout).toContain("Path: /bin\n");
  });
});

describe("find", () => {
  it.each([
    [["--name", "*sh"], "/bin/dash\n/bin/sh\n"],
    [["--path", "/bin/**", "--size", "+8"], "/bin/dash\n/bin/sh\n"],
    [["--type", "l", "--type", "directory"], "/\n/bin\n/link\n"],
    [
      ["--mode", "/6000", "--owner", "1000:50", "--newer", "2024-05-01T11:59:59"],
      "/bin/dash\n/bin/sh\n",
    ],
    [["--newer", "/bin/sh"], ""],
    [["--layer", "1", "--type", "w"], "/.wh.null\n"],
  ])("by %j prints one path a line", async (words, stdout) => {
    expect(await run("find", "oci:looked:top", ...words)).toMatchObject({ status: 0, stdout });
  });

  it.each([
    ["--type", "x", "one of f (file), d (directory), l (symlink)"],
    ["--size", "big", "--size: expected a size"],
    ["--mode", "u+s", "octal digits"],
    ["--owner", "root", "numbers as 0"],
    ["--newer", "yesterday", "a time as 2024-05-01"],
    ["--name", "a/b", "--path is for whole paths"],
    ["--path", "usr/*", "absolute paths"],
    ["-name", "x", "Did you mean --name?"],
  ])("says what it takes instead of %s %s", async (flag, value, message) => {
    const { status, stderr } = await run("find", "oci:looked:top", flag, value);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
  });
});

describe("history", () => {
  it("shows the layers with what they waste", async () => {
    const { stdout } = await run("history", "oci:looked:top");
    expect(stdout).toMatch(/^layer {2}blob .* wasted .*\n0 .* 24 B .*\n1 .* 9 B .*\n/);
    expect(stdout).toContain("33 B of files, 0 B of them hidden by higher layers\n");
  });

  it("follows a path through the layers", async () => {
    const { stdout } = await run("history", "oci:looked:top", "/bin/sh");
    expect(stdout).toMatch(/^layer 0: added -rwsr.* \/bin\/sh\nlayer 1: changed .*\n {2}content: /);
    expect((await run("history", "oci:looked:top", "/null")).stdout).toMatch(
      /layer 1: removed \/null\n$/,
    );
  });
});

describe("diff", () => {
  it("lists what differs, the configuration too, and exits with 2", async () => {
    const { status, stdout } = await run("diff", "oci:looked:base", "oci:looked:top");
    expect(stdout).toMatch(/~ \/bin\/dash\n.*names: .*\n~ \/bin\/sh\n {2}content: .*\n.*names: /);
    expect(stdout).toContain("\n- /null\n");
    expect(stdout).toContain('\n~ config.Env.A: "1" -> none\n');
    expect(status).toBe(2);
  });

  it("exits with 0 where they are the same, or differ only in what is ignored", async () => {
    expect(await run("diff", "oci:looked:top", "oci:looked:top")).toMatchObject({
      status: 0,
      stdout: "7 paths compared: the same\n",
    });
    await run("unpack", "oci:looked:top", "out/rootfs");
    const { status, stdout } = await run(
      "diff",
      "oci:looked:top",
      "dir:out/rootfs",
      "--ignore",
      "time",
    );
    expect(stdout).toBe("7 paths compared: the same\nthe configuration was not compared\n");
    expect(status).toBe(0);
  });

  it("refuses an unknown field", async () => {
    const { stderr } = await run("diff", "oci:looked:top", "oci:looked:top", "--ignore", "colour");
    expect(stderr).toContain("names, configuration, got");
  });
});
