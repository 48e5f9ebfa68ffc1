// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { appendToReference } from "../../convert/append-to-reference.ts";
import { storeArtifactFile } from "../../convert/artifact/artifact-files.ts";
import { openDirectory } from "../../disk/directory.ts";
import { openReference } from "../../image/open-reference.ts";
import { openOciArchive } from "../../store/archive/oci-archive.ts";
import { openFreshLayout } from "../../store/layout/fresh-layout.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { findRootFilesystems } from "../../verify/find-root-filesystems.ts";
import { findBrokenLink } from "./broken-link.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-link-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("a link to something that is not there", () => {
  const opens: Record<string, (path: string) => unknown> = {
    "as a layout to write to": (path) => openFreshLayout(path),
    "as a layout to read": (path) => openLayout(path),
    "above a layout to write to": (path) => openFreshLayout(join(path, "below")),
    "above a layout to read": (path) => openLayout(join(path, "below")),
    "as an archive to read": (path) => openOciArchive(path),
    "as a root filesystem": (path) => openDirectory(path),
    "as a reference": (path) => openReference(`oci:${path}`),
    "as a directory to search": (path) => findRootFilesystems(path),
    "as a file of an artifact": (path) =>
      storeArtifactFile({ path }, createMemoryStore(), { dryRun: false }),
    "as a layer": (path) => appendToReference(`oci:${path}`, `oci:${path}`, [path]),
  };
  for (const [how, open] of Object.entries(opens)) {
    it.each(["nowhere", "dangling"])(
      `is called that where it is given ${how}: to %s`,
      async (to) => {
        const dangling = join(directory, "dangling");
        symlinkSync(to, dangling);
        const opening = Promise.resolve().then(() => open(dangling));
        await expect(opening).rejects.toMatchObject({
          message: expect.stringMatching(
            `got (?:a link|the link "${dangling}") to "${to}", where nothing is$`,
          ) as string,
        });
        expect(readdirSync(directory)).toEqual(["dangling"]);
      },
    );
  }

  it("is found in a circle and below a good link, and no other link is taken for one", () => {
    symlinkSync("circle", join(directory, "circle"));
    mkdirSync(join(directory, "real"));
    symlinkSync("real", join(directory, "good"));
    symlinkSync("../nowhere", join(directory, "real/bad"));
    const inCircle = findBrokenLink(join(directory, "circle"));
    expect(inCircle?.words).toContain('to "circle"');
    const below = join(directory, "good/bad");
    expect(findBrokenLink(join(below, "x"))?.words).toContain(`"${below}"`);
    for (const name of ["good", "good/nothing", "nothing", "real"]) {
      expect(findBrokenLink(join(directory, name))).toBeUndefined();
    }
    expect(findBrokenLink("")).toBeUndefined();
    expect(findBrokenLink("/")).toBeUndefined();
  });
});
