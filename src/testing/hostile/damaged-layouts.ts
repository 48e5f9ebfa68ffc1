// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { ErrorCode } from "../../oci/errors.ts";
import { rawTar } from "../raw-tar.ts";
import type { HostileCase, WrittenLayout, Numbered } from "./hostile-case.ts";
import { file } from "./layer-parts.ts";

const TAR = rawTar(file("f", "content"));
const TREE = { "/f": { content: "content" } };

function damaged(
  { number }: Numbered,
  name: string,
  codes: readonly ErrorCode[],
  directory: (layout: WrittenLayout) => void,
): HostileCase {
  return {
    number,
    name,
    expect: "refused",
    codes,
    build: () => ({ layers: [TAR], damage: { directory } }),
  };
}

type Replacement = readonly [what: string, replace: (path: string) => void];

/** Moves a file aside, so that a link to it leads to the right bytes. */
function aside(path: string): string {
  renameSync(path, `${path}.aside`);
  return `${path}.aside`;
}

const REPLACEMENTS: readonly Replacement[] = [
  ["a link", (path) => symlinkSync(aside(path), path)],
  [
    "a pipe",
    (path) => {
      rmSync(path);
      execFileSync("mkfifo", [path]);
    },
  ],
  [
    "a directory",
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
];

const PLACES: readonly (readonly [string, (layout: WrittenLayout) => string])[] = [
  ["index.json", ({ directory }) => join(directory, "index.json")],
  ["oci-layout", ({ directory }) => join(directory, "oci-layout")],
  ["a manifest's blob", ({ manifest }) => manifest],
  ["a layer's blob", ({ layers }) => layers[0]!],
];

/** Layouts with something other than a regular file in place of a file. */
export const layoutCases: readonly HostileCase[] = [
  damaged({ number: 69 }, "a blob of other bytes", ["digest-mismatch"], ({ layers }) => {
    const bytes = readFileSync(layers[0]!);
    bytes[600]! ^= 1;
    writeFileSync(layers[0]!, bytes);
  }),
  damaged({ number: 69 }, "a blob with a byte more", ["size-mismatch"], ({ layers }) =>
    appendFileSync(layers[0]!, "x"),
  ),
  damaged({ number: 69 }, "a blob with a byte less", ["size-mismatch"], ({ layers }) =>
    truncateSync(layers[0]!, TAR.length - 1),
  ),
  damaged({ number: 69 }, "a blob that is empty", ["size-mismatch"], ({ layers }) =>
    truncateSync(layers[0]!, 0),
  ),
  damaged({ number: 69 }, "a blob that is not there", ["not-found"], ({ layers }) =>
    rmSync(layers[0]!),
  ),
  damaged({ number: 69 }, "a configuration of other bytes", ["digest-mismatch"], ({ config }) =>
    writeFileSync(config, readFileSync(config, "utf8").replace("amd64", "arm64")),
  ),
  ...PLACES.flatMap(([place, find]) =>
    REPLACEMENTS.map(([what, replace]) =>
      damaged({ number: 72 }, `${what} in place of ${place}`, ["invalid-layout"], (layout) =>
        replace(find(layout)),
      ),
    ),
  ),
  damaged(
    { number: 72 },
    "a link in place of blobs/sha256",
    ["invalid-layout"],
    ({ directory }) => {
      const path = join(directory, "blobs", "sha256");
      symlinkSync(aside(path), path);
    },
  ),
  {
    number: 72,
    name: "hard links, as copies of layouts have them",
    expect: "accepted",
    build: () => ({
      layers: [TAR],
      tree: TREE,
      damage: {
        directory: ({ directory, layers }) => {
          for (const path of [...layers, join(directory, "index.json")]) {
            copyFileSync(path, `${path}.other`);
            rmSync(path);
            linkSync(`${path}.other`, path);
          }
        },
      },
    }),
  },
];
