// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRootFilesystem } from "../../src/disk/open-root-filesystem.ts";
import type { ClosureReport } from "../../src/verify/closure/closure-report.ts";
import { verifyClosure } from "../../src/verify/closure/verify-closure.ts";

const SCRIPT = join(import.meta.dirname, "../../scripts/debian-rootfs.sh");
const PACKAGES = [
  "libc-bin",
  "bash",
  "coreutils",
  "curl",
  "git",
  "python3-minimal",
  "perl-base",
  "binutils",
  "sqlite3",
];
/** What qemu-user is called for each architecture. */
const QEMU = { amd64: "x86_64", arm64: "aarch64", riscv64: "riscv64" } as const;
type Architecture = keyof typeof QEMU;

let place: string;
const roots = new Map<Architecture, string>();

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-closure-"));
  for (const architecture of Object.keys(QEMU) as Architecture[]) {
    const root = join(place, architecture);
    execFileSync("sh", [SCRIPT, architecture, root, ...PACKAGES], { stdio: "ignore" });
    copyFileSync(`/usr/bin/qemu-${QEMU[architecture]}-static`, join(root, "qemu"));
    roots.set(architecture, root);
  }
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

async function closureOf(root: string): Promise<ClosureReport> {
  const opened = await openRootFilesystem({ kind: "dir", directory: root });
  try {
    return await verifyClosure(opened.root);
  } finally {
    await opened.close();
  }
}

interface Loaded {
  /** The libraries, by their paths without links; undefined when the loader refuses the program. */
  readonly libraries: readonly string[] | undefined;
  readonly said: string;
}

/** What the root's own loader says, run by qemu inside the root. */
function load(root: string, loader: string, path: string): Loaded {
  const { status, stdout, stderr } = spawnSync("chroot", [root, "/qemu", loader, "--list", path], {
    encoding: "utf8",
  });
  if (status !== 0 || /not found/.test(stdout + stderr))
    return { libraries: undefined, said: stdout + stderr };
  const paths = [...stdout.matchAll(/ => (\/.*?) \(0x|^\t(\/\S+) \(0x/gm)].map(
    ([, to, at]) => to ?? at!,
  );
  return {
    libraries: withoutLoader(
      paths.map((library) => realpathSync(root + library).slice(root.length)),
    ),
    said: "",
  };
}

/** The loader stands in its own list under some names, and counts for us only where it is needed. */
function withoutLoader(libraries: readonly string[]): readonly string[] {
  return [...new Set(libraries.filter((path) => !/\/ld-linux/.test(path)))].sort();
}

/** Compares every program of /usr/bin. Returns how many start, and how many do not. */
async function compare(root: string): Promise<{ readonly start: number; readonly fail: number }> {
  const { programs, findings } = await closureOf(root);
  const counts = { start: 0, fail: 0 };
  for (const { path, loader, libraries } of programs) {
    if (loader === undefined || !path.startsWith("/usr/bin/")) continue;
    const loaded = load(root, loader, path);
    const found = findings.filter((finding) => finding.programs.includes(path));
    const messages = found.map(({ message }) => message);
    if (loaded.libraries === undefined) {
      counts.fail += 1;
      // It stops at the first thing it does not find. That has to be one of ours.
      expect(
        found.some(({ needs }) => needs !== undefined && loaded.said.includes(needs)),
        `${path}: ${loaded.said}, we: ${messages.join("; ")}`,
      ).toBe(true);
    } else {
      counts.start += 1;
      expect(messages, path).toEqual([]);
      expect(withoutLoader(libraries), path).toEqual(loaded.libraries);
    }
  }
  return counts;
}

/** A copy of a root, for a test that damages it. */
function copyOf(architecture: Architecture): string {
  const copy = join(place, `${architecture}-damaged`);
  rmSync(copy, { recursive: true, force: true });
  cpSync(roots.get(architecture)!, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

function libraryOf(root: string, name: string): string {
  const [found] = execFileSync("find", [join(root, "usr/lib"), "-name", name], {
    encoding: "utf8",
  }).split("\n");
  return realpathSync(found!);
}

describe.each(Object.keys(QEMU) as Architecture[])(
  "the real loader of %s agrees with the closure",
  (architecture) => {
    it("on a whole root", async () => {
      const { start, fail } = await compare(roots.get(architecture)!);
      expect(fail).toBe(0);
      expect(start).toBeGreaterThan(100);
    });

    it("on a root without some libraries", async () => {
      const root = copyOf(architecture);
      for (const name of ["libcurl.so.4", "libz.so.1", "libsqlite3.so.0"])
        rmSync(libraryOf(root, name));
      expect((await compare(root)).fail).toBeGreaterThan(3);
    });

    it("on a root with libraries of another architecture", async () => {
      const root = copyOf(architecture);
      const other = architecture === "riscv64" ? "arm64" : "riscv64";
      for (const name of ["libz.so.1", "libpcre2-8.so.0"]) {
        copyFileSync(libraryOf(roots.get(other)!, name), libraryOf(root, name));
      }
      expect((await compare(root)).fail).toBeGreaterThan(3);
    });

    it("on a root with an older library, which lacks a version of symbols", async () => {
      const root = copyOf(architecture);
      const path = libraryOf(root, "libz.so.1");
      const text = readFileSync(path, "latin1");
      expect(text).toContain("ZLIB_1.2.9\0");
      writeFileSync(path, text.replaceAll("ZLIB_1.2.9\0", "ZLIB_0.0.0\0"), "latin1");
      await compare(root);
    });
  },
);
