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
async function compare(
  root: string,
  isWanted: (path: string, index: number) => boolean = () => true,
): Promise<{ readonly start: number; readonly fail: number }> {
  const { programs, findings } = await closureOf(root);
  const counts = { start: 0, fail: 0 };
  for (const [index, { path, loader, libraries }] of programs.entries()) {
    if (loader === undefined || !path.startsWith("/usr/bin/") || !isWanted(path, index)) continue;
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

const DAMAGES: readonly [
  what: string,
  name: string,
  damage: (path: string, foreign: string) => void,
][] = [
  ["removed", "libpcre2-8.so.0", (path) => rmSync(path)],
  ["of another architecture", "libz.so.1", (path, foreign) => copyFileSync(foreign, path)],
  [
    "that is older, and lacks a version of symbols",
    "libc.so.6",
    (path) => {
      const text = readFileSync(path, "latin1");
      expect(text).toContain("GLIBC_2.38\0");
      writeFileSync(path, text.replaceAll("GLIBC_2.38\0", "GLIBC_0.00\0"), "latin1");
    },
  ],
];

describe.each(Object.keys(QEMU) as Architecture[])(
  "the real loader of %s agrees with the closure",
  (architecture) => {
    it("on a whole root", async () => {
      const { start, fail } = await compare(roots.get(architecture)!);
      expect(fail).toBe(0);
      expect(start).toBeGreaterThan(100);
    });
  },
);

describe("the real loader of riscv64 agrees with the closure", () => {
  it.each(DAMAGES)("on a root with a library %s", async (_what, name, damage) => {
    const root = copyOf("riscv64");
    const path = libraryOf(root, name);
    const inRoot = path.slice(root.length);
    const { programs } = await closureOf(root);
    const needing = programs.filter(({ libraries }) => libraries.some((one) => one === inRoot));
    damage(path, libraryOf(roots.get("arm64")!, name));
    // Of those that never needed it, each tenth.
    const wanted = new Set<string>(needing.map(({ path: program }) => program));
    const { start, fail } = await compare(
      root,
      (one, index) => wanted.has(one) || index % 10 === 0,
    );
    expect(fail).toBeGreaterThan(0);
    expect(start).toBeGreaterThan(5);
  });
});
