// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { constants, tmpdir } from "node:os";
import { basename, join } from "node:path";
import type * as Addon from "@napi-rs/xattr";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import { b } from "../../../test/fixtures/layers.ts";
import { openPathWalk } from "../directory-walk.ts";
import { openDirectory, type DirectoryFilesystem } from "../directory.ts";
import { readXattrs } from "./read-xattrs.ts";
import { loadXattrCalls, type XattrCalls } from "./xattr-calls.ts";

const BINARY = new Uint8Array([0, 0xff, 0x0a, 0x3d, 0x80]);

let base: string;
let root: DirectoryFilesystem;
beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "xattrs-"));
  fs.writeFileSync(join(base, "tool"), "#!/bin/sh\n");
});
afterEach(() => {
  root.close();
  fs.rmSync(base, { recursive: true, force: true });
});

/** Calls whose answers depend on a file's name. */
function callsOf(
  attributes: Readonly<Record<string, Readonly<Record<string, Uint8Array | null>>>>,
  asked: string[] = [],
): XattrCalls {
  return {
    listAttributesSync(path) {
      asked.push(basename(path));
      return Object.keys(attributes[basename(path)] ?? {});
    },
    getAttributeSync: (path, name) => attributes[basename(path)]?.[name] ?? null,
  };
}

function failing(message: string, code = "GenericFailure"): XattrCalls {
  return {
    ...callsOf({}),
    listAttributesSync: () => {
      throw Object.assign(new Error(message), { code });
    },
  };
}

function open(calls: XattrCalls): void {
  root = openDirectory(base, { loadXattrs: () => calls });
}

const xattrsOf = (path: string): ReadonlyMap<ByteString, ByteString> | undefined =>
  root.lstat(b(path))?.xattrs;

describe("the extended attributes of a plain directory", () => {
  it("are complete, as bytes and sorted, for files, directories, links and the root", () => {
    fs.mkdirSync(join(base, "d"));
    fs.symlinkSync("tool", join(base, "link"));
    const empty = new Uint8Array();
    open(
      callsOf({
        tool: { "user.z": empty, "security.capability": BINARY, "user.ä": empty },
        d: { "system.posix_acl_default": BINARY },
        link: { "trusted.x": BINARY },
        ".": { "user.root": BINARY },
      }),
    );
    const binary = fromBytes(BINARY);
    expect([...xattrsOf("/tool")!]).toEqual([
      ["security.capability", binary],
      ["user.z", ""],
      [b("user.ä"), ""],
    ]);
    expect([...xattrsOf("/d")!]).toEqual([["system.posix_acl_default", binary]]);
    expect([...xattrsOf("/link")!]).toEqual([["trusted.x", binary]]);
    expect([...xattrsOf("/")!]).toEqual([["user.root", binary]]);
  });

  it("are read only when someone asks, and once for all names of a file", () => {
    fs.linkSync(join(base, "tool"), join(base, "tool-1"));
    const asked: string[] = [];
    open(callsOf({}, asked));
    expect(root.lstat(b("/tool"))?.head).toBe("#!/bin/sh");
    expect(asked).toEqual([]);
    expect(xattrsOf("/tool")).toBe(xattrsOf("/tool-1"));
    expect(asked).toEqual(["tool"]);
  });

  it("are the same whether a path is text or bytes, and one shared empty map where there are none", () => {
    const calls = callsOf({ tool: { "user.a": BINARY } });
    open(calls);
    const read = (name: string): unknown[] =>
      [join(base, name), Buffer.from(join(base, name))].map((place) =>
        readXattrs("dir:d", b("/name"), place, () => calls),
      );
    expect(read("tool")).toEqual([xattrsOf("/tool"), xattrsOf("/tool")]);
    expect(new Set([...read("none"), ...read("other")]).size).toBe(1);
  });

  it("are empty on a file system that does not support them", () => {
    open(failing(`Not supported (os error ${constants.errno.ENOTSUP})`));
    expect(xattrsOf("/tool")?.size).toBe(0);
  });

  it.each([
    ["the system refuses", failing("Input/output error (os error 5)")],
    ["a value may not be read", callsOf({ tool: { "user.secret": null } })],
  ])("are unreadable, not absent, when %s", (_, calls) => {
    open(calls);
    expect(() => xattrsOf("/tool")).toThrow(
      expect.objectContaining({ code: "unreadable", details: { path: "/tool" } }),
    );
  });

  it("cannot be read without the package, and the error names the path and what to install", () => {
    const cause = Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
    root = openDirectory(base, {
      loadXattrs: () => {
        throw cause;
      },
      dumpXattrs: () => undefined,
    });
    expect(() => xattrsOf("/tool")).toThrow(
      expect.objectContaining({
        code: "unsupported-operation",
        message: `dir:${base}: /tool: its extended attributes can't be read here: @napi-rs/xattr is not installed`,
        hint: "Run npm install @napi-rs/xattr, or install the command getfattr.",
        cause,
      }),
    );
  });

  it("cannot be read where the package has no build for the machine", () => {
    root = openDirectory(base, {
      loadXattrs: () => {
        throw new Error("Cannot find native binding.");
      },
      dumpXattrs: () => undefined,
    });
    expect(() => xattrsOf("/tool")).toThrow(`no build for ${process.platform} ${process.arch}`);
  });

  it("are read by a command when an attribute's name is not UTF-8", () => {
    const input = `# file: ${join(base, "tool")}\nuser.\\351=0x3100\n`;
    const { status } = spawnSync("setfattr", ["--restore=-"], { input });
    open(failing('Invalid attribute: "user.\\xE9"', "InvalidArg"));
    const ask = (): unknown => xattrsOf("/tool")?.get("user.\u00e9" as ByteString);
    if (spawnSync("getfattr", ["--version"]).error === undefined) {
      expect(ask()).toBe(status === 0 ? "1\0" : undefined);
    } else expect(ask).toThrow(expect.objectContaining({ code: "unsupported-operation" }));
  });

  it("of a file that was removed meanwhile are an error, not an empty map", () => {
    fs.mkdirSync(join(base, "d"));
    fs.writeFileSync(join(base, "d/x"), "");
    root = openDirectory(base, { walk: openPathWalk(base), loadXattrs: () => callsOf({}) });
    const node = root.lstat(b("/d/x"));
    fs.rmSync(join(base, "d"), { recursive: true });
    expect(() => node?.xattrs).toThrow(expect.objectContaining({ code: "not-found" }));
  });
});

describe.runIf(process.platform === "linux")("extended attributes on Linux", () => {
  it("are read by a command for a file name that is not UTF-8, and by the calls for files below such a directory", () => {
    const name = Buffer.from([0x63, 0xe9]);
    fs.mkdirSync(Buffer.concat([Buffer.from(`${base}/`), name]));
    fs.writeFileSync(Buffer.concat([Buffer.from(`${base}/`), name, Buffer.from("/x")]), "");
    open(callsOf({ x: { "user.x": BINARY } }));
    const path = `/${fromBytes(name)}` as ByteString;
    const ask = (): unknown => root.lstat(path)?.xattrs.get("user.x" as ByteString);
    if (spawnSync("getfattr", ["--version"]).error === undefined) expect(ask()).toBeUndefined();
    else expect(ask).toThrow(expect.objectContaining({ code: "unsupported-operation" }));
    expect(root.lstat(`${path}/x` as ByteString)?.xattrs.size).toBe(1);
  });
});

/** The package with its calls to write attributes, if it runs here. */
function loadAddon(): typeof Addon | undefined {
  try {
    return loadXattrCalls() as typeof Addon;
  } catch {
    return undefined;
  }
}

describe("the package @napi-rs/xattr", () => {
  it("reads from this disk what was written, never from a link's target; or is reported as missing", () => {
    fs.symlinkSync("tool", join(base, "link"));
    root = openDirectory(base);
    const addon = loadAddon();
    if (addon === undefined) {
      expect(() => xattrsOf("/tool")).toThrow(
        expect.objectContaining({ code: "unsupported-operation" }),
      );
      return;
    }
    const written = new Map<string, ByteString>();
    // A disk, a container or a user may refuse either attribute; those that were written must be readable.
    for (const name of ["user.oci-kit", "security.capability"]) {
      const value = name.startsWith("user.") ? BINARY : CAPABILITY;
      try {
        addon.setAttributeSync(join(base, "tool"), name, value);
        written.set(name, fromBytes(value));
      } catch (error) {
        expect(String(error)).toMatch(/os error/);
      }
    }
    const ours = (path: string): unknown =>
      new Map([...xattrsOf(path)!].filter(([name]) => /^user\.|capability$/.test(name)));
    expect(ours("/tool")).toEqual(written);
    expect(ours("/link")).toEqual(new Map());
  });
});

/** The file capability `cap_net_bind_service=ep` in version 2. */
const CAPABILITY = new Uint8Array([1, 0, 0, 2, 0, 4, ...new Uint8Array(14)]);
