// SPDX-License-Identifier: MIT
import { fromText, toText, type ByteString } from "../../bytes/byte-string.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { parseLoaderCache } from "../closure/loader-cache.ts";
import { readConfiguredDirectories } from "../closure/loader-settings.ts";
import { directoryOf, follow, type Examination } from "../image/examination.ts";
import type { LibraryPrecedencePolicy } from "./policy.ts";
import type { BeginCheck, Reporter } from "./policy-check.ts";

const CACHE = fromText("/etc/ld.so.cache");
const LARGEST_CACHE = 64 * 1024 * 1024;

/**
 * Whether `ld.so.conf`, with what it includes, has the policy's directories before all others; and, where there
 * is an `ld.so.cache`, whether a library that they have is not found elsewhere first.
 */
export const beginLibraryPrecedence: BeginCheck<LibraryPrecedencePolicy> = (
  { directories },
  _,
  reporter,
) => ({
  async finish(examination) {
    const own = directories.map((text) => {
      const path = fromText(text);
      return { path, place: follow(examination, path).path };
    });
    await checkOrder(examination, own, reporter);
    await checkCache(examination, new Set(own.map(({ place }) => place)), reporter);
  },
});

async function checkOrder(
  examination: Examination,
  own: readonly { readonly path: ByteString; readonly place: ByteString }[],
  reporter: Reporter,
): Promise<void> {
  const configured = await readConfiguredDirectories(examination.root, examination);
  const places = configured.map(({ directory }) => follow(examination, directory).path);
  const first = places.findIndex((place) => !own.some((one) => one.place === place));
  for (const { path, place } of own) {
    const at = places.indexOf(place);
    if (at < 0) {
      const message = "expected it in /etc/ld.so.conf or a file that it includes, got it in none";
      reporter.tell("library-directory-unlisted", path, message);
    } else if (first >= 0 && first < at) {
      const { directory, file } = configured[first]!;
      const message = `expected it before all other directories, got it in ${toText(configured[at]!.file)}, after ${toText(directory)} of ${toText(file)}`;
      reporter.tell("library-directory-late", path, message);
    }
  }
}

async function checkCache(
  examination: Examination,
  own: ReadonlySet<ByteString>,
  reporter: Reporter,
): Promise<void> {
  const { root, signal } = examination;
  const { node, path } = follow(examination, CACHE);
  if (node?.type !== "file" || node.size > LARGEST_CACHE) return;
  const bytes = await readAll(root.read(path, { signal }), LARGEST_CACHE, toText(path));
  for (const [name, found] of parseLoaderCache(bytes) ?? []) {
    const isOwn = found.map((library) => own.has(follow(examination, directoryOf(library)).path));
    if (isOwn[0] === true || !isOwn.includes(true)) continue;
    const ours = found[isOwn.indexOf(true)]!;
    const message = `expected ld.so.cache to have it first for ${toText(name)}, got ${toText(found[0]!)}`;
    reporter.tell("library-shadowed", ours, message);
  }
}
