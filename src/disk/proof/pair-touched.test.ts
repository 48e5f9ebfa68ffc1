// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpackPoorly } from "../../../test/fixtures/poorly-unpacked.ts";
import { removeTree } from "../../files/remove-tree.ts";
import {
  comparePairs,
  compareTrees,
  formatDifference,
  type Comparison,
} from "../../rootfs/compare/compare-trees.ts";
import { openUnpacked } from "../sidecar/open-unpacked.ts";
import { pairTouched } from "./pair-touched.ts";

let base: string;
let directory: string;

beforeEach(async () => {
  base = fs.mkdtempSync(join(tmpdir(), "oci-kit-touched-"));
  directory = join(base, "root");
  await unpackPoorly(directory);
});
// an ordinary user can't look into directories of mode 000, so a plain removal would fail
afterEach(() => removeTree(base));

const at = (path: string): string => join(directory, path);

/** Everything that `work` asks of the directory and of what was unpacked into it. */
function withBoth<T>(work: (view: ReturnType<typeof openUnpacked>) => T): T {
  const view = openUnpacked(directory);
  try {
    return work(view);
  } finally {
    view.close();
  }
}

const shown = ({ differences, undecided }: Comparison): readonly string[] =>
  [...differences.map(formatDifference), ...undecided].sort();

/** What differs in the pairs, which must be what differs in all pairs. */
function differencesInPairs(): readonly string[] {
  const some = withBoth((view) => comparePairs(pairTouched(view, view.recorded!)));
  const all = withBoth((view) => compareTrees(view.recorded!, view));
  expect(shown(some)).toEqual(shown(all));
  return shown(some);
}

const paths = (): string[] =>
  withBoth((view) => Array.from(pairTouched(view, view.recorded!), ([path]) => path));

const edits: Readonly<Record<string, () => void>> = {
  "a mode": () => fs.chmodSync(at("text"), 0o600),
  "a mode, and back": () => {
    fs.chmodSync(at("text"), 0o600);
    fs.chmodSync(at("text"), 0o644);
  },
  "a time": () => fs.utimesSync(at("text"), 5, 5),
  "a content of the same size and time": () => {
    const { mtime } = fs.lstatSync(at("text"));
    fs.writeFileSync(at("text"), "TEXT");
    fs.utimesSync(at("text"), mtime, mtime);
  },
  "a file into a directory": () => {
    fs.rmSync(at("text"));
    fs.mkdirSync(at("text"));
    fs.writeFileSync(at("text/inside"), "");
  },
  "a directory into a file": () => {
    fs.rmSync(at("etc"), { recursive: true });
    fs.writeFileSync(at("etc"), "");
  },
  "a directory into a link to the same directory elsewhere": () => {
    fs.renameSync(at("etc"), join(base, "etc"));
    fs.symlinkSync("../etc", at("etc"));
  },
  "the target of a link": () => {
    fs.rmSync(at("etc/link"));
    fs.symlinkSync("x", at("etc/link"));
  },
  "a file in place of a device": () => fs.writeFileSync(at("tty"), "x"),
  "names, by a new directory": () => fs.mkdirSync(at("new/deep"), { recursive: true }),
  "names, by a file before all others and one after them": () => {
    fs.writeFileSync(at("!"), "");
    fs.writeFileSync(at("~"), "");
  },
  "names, by one that is not UTF-8": () =>
    fs.writeFileSync(Buffer.from(`${directory}/etc/\xff`, "latin1"), ""),
  "names, by removing a file": () => fs.rmSync(at("etc/held")),
  "names, by removing everything": () => {
    for (const name of fs.readdirSync(directory)) fs.rmSync(at(name), { recursive: true });
  },
  "names, by renaming a file": () => fs.renameSync(at("text"), at("etc/text")),
  "names, by one more name of a file": () => fs.linkSync(at("text"), at("text-1")),
  "names, by one name less of a file": () => fs.rmSync(at("shared-1")),
  "names, by separating two of them": () => {
    fs.copyFileSync(at("shared"), at("x"));
    fs.renameSync(at("x"), at("shared-1"));
  },
  "a directory that may not be read": () => fs.chmodSync(at("etc"), 0),
  "a directory that may not be searched": () => fs.chmodSync(at("etc"), 0o600),
};

describe("the pairs that may differ", () => {
  it("are few if nothing was changed: the root, files with several names, and what stands for a device", () => {
    expect(paths()).toEqual(["/", "/shared", "/shared-1", "/tty"]);
    expect(differencesInPairs()).toEqual([]);
  });

  it.each(Object.entries(edits))("hold every difference if somebody changed %s", (_, edit) => {
    edit();
    differencesInPairs();
  });

  it("hold every difference if somebody changed nearly everything", () => {
    for (const [name, edit] of Object.entries(edits)) {
      try {
        edit();
      } catch (error) {
        // An earlier edit may have removed what this one needs.
        expect(error, name).toHaveProperty("syscall");
      }
    }
    expect(differencesInPairs().length).toBeGreaterThan(3);
  });

  it("are reported with their number, and end with the error that the report throws", () => {
    const reported: number[] = [];
    const found = withBoth((view) => [
      ...pairTouched(view, view.recorded!, (done) => reported.push(done)),
    ]);
    expect(found).toHaveLength(4);
    expect(reported).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const stop = (): never => {
      throw new Error("stop");
    };
    expect(() => withBoth((view) => [...pairTouched(view, view.recorded!, stop)])).toThrow("stop");
  });
});
