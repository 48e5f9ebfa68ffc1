// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { elfObject, type ElfObjectParts } from "../../../test/fixtures/elf-object.ts";
import {
  file,
  mergeImage,
  program,
  symlink,
  whiteout,
  type Piece,
} from "../../../test/fixtures/layers.ts";
import { loaderCache } from "../../../test/fixtures/loader-cache.ts";
import { fromText } from "../../bytes/byte-string.ts";
import type { ClosureReport } from "./closure-report.ts";
import { verifyClosure, type VerifyClosureOptions } from "./verify-closure.ts";

const LOADER = "/lib64/ld-linux-x86-64.so.2";
const AMD64 = 62;
const ARM64 = 183;

/** glibc's loader, with its default directories compiled in. */
function loader(machine = AMD64): Uint8Array {
  const directories = "/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0";
  return Buffer.concat([elfObject({ machine, soname: "ld.so" }), Buffer.from(`\0${directories}`)]);
}

function app(parts: ElfObjectParts = {}): Uint8Array {
  return elfObject({ interpreter: LOADER, needed: ["libc.so.6"], ...parts });
}

const LIBC = elfObject({
  soname: "libc.so.6",
  defines: ["libc.so.6", "GLIBC_2.2.5", "GLIBC_2.34"],
});

/** A root in which `/usr/bin/app` starts. */
const WHOLE: readonly Piece[] = [
  program("usr/lib64/ld-linux-x86-64.so.2", loader()),
  symlink("lib64", "usr/lib64"),
  symlink("lib", "usr/lib"),
  file("usr/lib/x86_64-linux-gnu/libc.so.6", LIBC),
  program("usr/bin/app", app({ versions: { "libc.so.6": ["GLIBC_2.34"] } })),
];

async function verify(
  pieces: readonly Piece[],
  options?: VerifyClosureOptions,
): Promise<ClosureReport> {
  return verifyClosure(await mergeImage([WHOLE, pieces]), options);
}

function told({ findings }: ClosureReport): string[] {
  return findings.map(({ code, message }) => `${code}: ${message}`);
}

/** The libraries of `/usr/bin/app` by their paths without links. */
function libraries({ programs }: ClosureReport): readonly string[] {
  return programs.find(({ path }) => path === "/usr/bin/app")!.libraries;
}

describe("the closure of a program", () => {
  it("is its loader, its libraries and theirs, each once, in the order of loading", async () => {
    const report = await verify([
      program("usr/bin/app", app({ needed: ["liba.so", "libc.so.6"] })),
      file("usr/lib/liba.so", elfObject({ needed: ["libb.so", "libc.so.6"] })),
      symlink("usr/lib/libb.so", "libb.so.1"),
      file("usr/lib/libb.so.1", elfObject({ soname: "libb.so.1", needed: ["liba.so"] })),
    ]);
    expect(told(report)).toEqual([]);
    expect(report).toMatchObject({ ok: true });
    expect(report.programs).toHaveLength(1);
    expect(report.programs[0]).toMatchObject({ architecture: "amd64", loader: LOADER });
    expect(libraries(report)).toEqual([
      "/usr/lib/liba.so",
      "/usr/lib/x86_64-linux-gnu/libc.so.6",
      "/usr/lib/libb.so.1",
    ]);
  });

  it("of a static program is empty, and needs no loader", async () => {
    const report = await verify([
      whiteout("usr/lib64/.wh.ld-linux-x86-64.so.2"),
      program("usr/bin/app", elfObject({ type: 2, static: true })),
    ]);
    expect(report).toMatchObject({ ok: true, programs: [{ path: "/usr/bin/app", libraries: [] }] });
  });

  it("of a root without programs is empty, which callers must report as a failure", async () => {
    const report = await verify([whiteout("usr/bin/.wh.app")]);
    expect(report.programs).toEqual([]);
  });

  it("names a library that is absent once, with all programs that can't start", async () => {
    const report = await verify([
      whiteout("usr/lib/x86_64-linux-gnu/.wh.libc.so.6"),
      program("usr/bin/other", app()),
    ]);
    expect(told(report)).toEqual([
      "library-missing: /usr/bin/app: needs libc.so.6, which is nowhere that its loader looks",
      "library-missing: /usr/bin/other: needs libc.so.6, which is nowhere that its loader looks",
    ]);
    const below = await verify([
      program("usr/bin/app", app({ needed: ["liba.so"] })),
      program("usr/bin/other", app({ needed: ["liba.so"] })),
      file("usr/lib/liba.so", elfObject({ needed: ["libgone.so.2"] })),
    ]);
    expect(below.findings).toMatchObject([
      {
        path: "/usr/lib/liba.so",
        needs: "libgone.so.2",
        programs: ["/usr/bin/app", "/usr/bin/other"],
      },
    ]);
  });

  it("names a loader that is absent, or for another machine", async () => {
    const absent = await verify([whiteout("usr/lib64/.wh.ld-linux-x86-64.so.2")]);
    expect(told(absent)).toEqual([
      `loader-missing: /usr/bin/app: expected its loader ${LOADER} in the root, got none`,
    ]);
    const foreign = await verify([program("usr/lib64/ld-linux-x86-64.so.2", loader(ARM64))]);
    expect(told(foreign)).toEqual([
      `loader-wrong-machine: /usr/bin/app: expected its loader ${LOADER} for amd64, got one for arm64`,
    ]);
  });

  it("passes over a library for another machine, and says so where no other is found", async () => {
    const foreign = elfObject({ machine: ARM64, soname: "libc.so.6" });
    const elsewhere = await verify([
      file("usr/lib/x86_64-linux-gnu/libc.so.6", foreign),
      file("usr/lib/libc.so.6", LIBC),
    ]);
    expect(libraries(elsewhere)).toEqual(["/usr/lib/libc.so.6"]);
    const nowhere = await verify([file("usr/lib/x86_64-linux-gnu/libc.so.6", foreign)]);
    expect(told(nowhere)[0]).toContain(
      "nowhere that its loader looks: /lib/x86_64-linux-gnu/libc.so.6 is for another machine",
    );
  });

  it("names a version of symbols that a library does not have, unless it is weak or has none at all", async () => {
    const newer = program("usr/bin/app", app({ versions: { "libc.so.6": ["GLIBC_2.38"] } }));
    expect(told(await verify([newer]))).toEqual([
      "version-missing: /usr/bin/app: needs GLIBC_2.38 of libc.so.6, which /usr/lib/x86_64-linux-gnu/libc.so.6 does not have",
    ]);
    const without = file("usr/lib/x86_64-linux-gnu/libc.so.6", elfObject({ soname: "libc.so.6" }));
    expect(told(await verify([newer, without]))).toEqual([]);
  });

  it("of a damaged object is a finding", async () => {
    const cut = app().subarray(0, 70);
    const report = await verify([program("usr/bin/app", cut), program("usr/bin/fine", app())]);
    expect(report.findings).toMatchObject([{ code: "damaged-object", path: "/usr/bin/app" }]);
    expect(report.programs.map(({ path }) => path)).toEqual(["/usr/bin/fine"]);
  });

  it("is followed for what is asked about, libraries too", async () => {
    const paths = ["/usr/lib/liba.so", "/usr/bin/nothing"].map(fromText);
    const report = await verify([file("usr/lib/liba.so", elfObject({ needed: ["libgone.so"] }))], {
      paths,
    });
    expect(report.programs.map(({ path }) => path)).toEqual(["/usr/lib/liba.so"]);
    expect(report.findings.map(({ code }) => code)).toEqual(["library-missing", "not-an-object"]);
  });

  it("can be stopped", async () => {
    const verified = verify([], { signal: AbortSignal.abort() });
    await expect(verified).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("a library is looked for", () => {
  const own = elfObject({ soname: "libown.so" });
  /** Where `libown.so` is found, when the program has these parts and the root these pieces. */
  async function found(parts: ElfObjectParts, ...pieces: Piece[]): Promise<string | undefined> {
    const report = await verify([
      program("usr/bin/app", app({ needed: ["libown.so"], ...parts })),
      ...pieces,
    ]);
    return libraries(report)[0];
  }

  it("in the RUNPATH, with $ORIGIN and $LIB, before the default directories", async () => {
    const places = [file("opt/x/lib/libown.so", own), file("usr/lib/libown.so", own)];
    expect(await found({}, ...places)).toBe("/usr/lib/libown.so");
    expect(await found({ runPath: "$ORIGIN/../../opt/x/lib" }, ...places)).toBe(
      "/opt/x/lib/libown.so",
    );
    expect(await found({ runPath: "/nowhere:${ORIGIN}/../../opt/x/lib" }, ...places)).toBe(
      "/opt/x/lib/libown.so",
    );
    const multiarch = file("opt/lib/x86_64-linux-gnu/libown.so", own);
    expect(await found({ runPath: "/opt/$LIB" }, multiarch)).toBe(
      "/opt/lib/x86_64-linux-gnu/libown.so",
    );
  });

  it("in the RPATH of those that needed it too, which a RUNPATH silences", async () => {
    const deep = file("opt/x/libdeep.so", elfObject({ soname: "libdeep.so" }));
    const middle = (parts: ElfObjectParts): Piece =>
      file("opt/x/libown.so", elfObject({ needed: ["libdeep.so"], ...parts }));
    const through = async (piece: Piece): Promise<readonly string[]> =>
      libraries(
        await verify([
          program("usr/bin/app", app({ needed: ["libown.so"], rPath: "/opt/x" })),
          piece,
          deep,
        ]),
      );
    expect(await through(middle({}))).toEqual(["/opt/x/libown.so", "/opt/x/libdeep.so"]);
    expect(await through(middle({ runPath: "/nowhere" }))).toEqual(["/opt/x/libown.so"]);
    expect(await found({ rPath: "/opt/x", runPath: "/nowhere" }, middle({}), deep)).toBeUndefined();
  });

  it("by its path, where its name has a slash", async () => {
    const report = await verify([
      program("usr/bin/app", app({ needed: ["/opt/libown.so"] })),
      file("opt/libown.so", own),
    ]);
    expect(libraries(report)).toEqual(["/opt/libown.so"]);
  });

  it("in the loader's cache, but not in ld.so.conf, which only ldconfig reads", async () => {
    const elsewhere = file("opt/x/libown.so", own);
    const configuration = [
      file("etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n"),
      file("etc/ld.so.conf.d/x.conf", "# own\n/opt/x\n"),
    ];
    const without = await verify([
      program("usr/bin/app", app({ needed: ["libown.so"] })),
      elsewhere,
      ...configuration,
    ]);
    expect(told(without)[0]).toContain("/opt/x/libown.so is in a directory of ld.so.conf");
    expect(
      await found({}, elsewhere, file("etc/ld.so.cache", loaderCache(["/opt/x/libown.so"]))),
    ).toBe("/opt/x/libown.so");
    expect(await found({}, elsewhere, file("etc/ld.so.cache", "no cache"))).toBeUndefined();
  });

  it("nowhere else with -z nodefaultlib", async () => {
    const place = file("usr/lib/libown.so", own);
    expect(await found({ flags1: 0x800 }, place)).toBeUndefined();
  });

  it("in glibc-hwcaps, when nothing else has it", async () => {
    const level = "usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libown.so";
    expect(await found({}, file(level, own))).toBe(`/${level}`);
  });

  it("as the loader of each program does, though they share a library that needs another", async () => {
    const other = Buffer.concat([
      elfObject({ soname: "ld.so" }),
      Buffer.from("\0/opt/lib/\0/opt/lib64/\0"),
    ]);
    const report = await verify([
      program("opt/ld.so", other),
      program("usr/bin/app", app({ needed: ["/usr/lib/libmid.so"] })),
      program("usr/bin/other", app({ interpreter: "/opt/ld.so", needed: ["/usr/lib/libmid.so"] })),
      program("usr/bin/third", app({ needed: ["/usr/lib/libmid.so"] })),
      file("usr/lib/libmid.so", elfObject({ needed: ["libown.so"] })),
      file("usr/lib/libown.so", own),
      file("opt/lib/libown.so", own),
    ]);
    expect(report.programs.map(({ libraries }) => libraries.at(-1))).toEqual([
      "/usr/lib/libown.so",
      "/opt/lib/libown.so",
      "/usr/lib/libown.so",
    ]);
  });

  it("soon, whatever a hostile loader has in place of its directories", async () => {
    for (const text of ["/lib", "/a", "/lib:", "/lib/\0", "\0"]) {
      for (const path of ["usr/lib64/ld-linux-x86-64.so.2", "usr/lib64/ld-musl-x86_64.so.1"]) {
        const hostile = Buffer.concat([elfObject(), Buffer.from(text.repeat(1 << 18))]);
        const report = await verify([
          program(path, hostile),
          program("usr/bin/app", app({ interpreter: `/${path}`, needed: ["libgone.so"] })),
        ]);
        expect(report.findings.map(({ code }) => code)).toEqual(["library-missing"]);
      }
    }
  });

  it("as musl does, where the loader is musl's: its path file, and libc built in", async () => {
    const musl = "/lib/ld-musl-x86_64.so.1";
    const pieces = [
      program("usr/lib/ld-musl-x86_64.so.1", elfObject({})),
      file("opt/m/libown.so", elfObject({ soname: "libown.so", needed: ["libc.so"] })),
    ];
    const parts = { interpreter: musl, needed: ["libown.so", "libc.so"] };
    expect(await found(parts, ...pieces)).toBeUndefined();
    const path = file("etc/ld-musl-x86_64.path", "/opt/none\n/opt/m\n");
    const report = await verify([program("usr/bin/app", app(parts)), ...pieces, path]);
    expect(told(report)).toEqual([]);
    expect(libraries(report)).toEqual(["/opt/m/libown.so"]);
  });
});
