// SPDX-License-Identifier: MIT
import { fromBytes, toText, type ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { tracePath } from "../../rootfs/resolve-path.ts";
import { APK_INSTALLED, parseApkInstalled } from "./apk-records.ts";
import { findDeclared, type DeclaredComponent } from "./declared-component.ts";
import { directoryComponent } from "./directory-component.ts";
import {
  DPKG_DIVERSIONS,
  DPKG_INFO,
  DPKG_STATUS_DIRECTORY,
  dpkgPackage,
  parseDiversions,
  parseDpkgList,
  parseMd5sums,
  type Diversion,
} from "./dpkg-records.ts";
import { readRecords } from "./read-records.ts";
import { parseRpmDatabase, RPM_OTHERS, RPM_SQLITE } from "./rpm-records.ts";
import { DatabaseFault } from "./sqlite-table.ts";

export interface FindComponentsOptions extends AbortOptions {
  /** Components that the caller names; they come before what the image's own records say. */
  readonly declared?: readonly DeclaredComponent[] | undefined;
}

/** Which component each path of an image belongs to: always the same for the same image and declarations. */
export interface Components {
  /** The name of the component, as text. */
  of(path: ByteString): string;
  /** What could not be used, each as one line for people. */
  readonly notices: readonly string[];
}

/** What rpm's database may have. Fifteen hundred packages of a desktop have 90 MB. */
const LARGEST_RPM = 256 * 1024 * 1024;

/**
 * Determines which files of an image belong together: by declaration; by the records of dpkg, apk and rpm in the
 * image; the rest by directory. Records name paths as they were before `/bin` became a link to `/usr/bin`, so links on the
 * way to a file are followed. A path that several packages name belongs to the first of them by name. Paths that are
 * not in the image are ignored, so that a record costs no memory but for files that exist.
 * @throws OciError `invalid-argument` for a malformed declaration; what reading the image throws
 */
export async function findComponents(
  root: ImageFilesystem,
  { declared = [], signal }: FindComponentsOptions = {},
): Promise<Components> {
  const declaredOf = findDeclared(declared);
  const owners = createOwners(root);
  const diversions: { map: ReadonlyMap<ByteString, Diversion> } = { map: new Map() };
  await readRecords(
    root,
    [DPKG_DIVERSIONS],
    (_, bytes) => {
      diversions.map = parseDiversions(fromBytes(bytes));
    },
    { signal },
  );
  const records = [...dpkgRecords(root), ...APK_INSTALLED];
  const tooLarge = await readRecords(
    root,
    records,
    (path, bytes) => {
      const text = fromBytes(bytes);
      if (APK_INSTALLED.includes(path)) {
        for (const [file, name] of parseApkInstalled(text)) owners.add(file, name);
        return;
      }
      const name = packageOf(path);
      const files = path.endsWith(".md5sums") ? parseMd5sums(text) : parseDpkgList(text);
      for (const file of files) owners.add(diverted(file, name, diversions.map), name);
      owners.add(path, name);
    },
    { signal },
  );
  const notices = tooLarge.map(
    (path) => `${toText(path)}: too large for a record of packages, not read`,
  );
  notices.push(...(await readRpm(root, owners, { signal })));
  return {
    of: (path) => declaredOf(path) ?? toText(owners.of(path) ?? directoryComponent(path)),
    notices,
  };
}

/** Adds what rpm's database names; gives what could not be used, each as one line for people. */
async function readRpm(
  root: ImageFilesystem,
  owners: Owners,
  { signal }: AbortOptions,
): Promise<readonly string[]> {
  const instead = "files are grouped by directory, or as --component says";
  const notices: string[] = [];
  const take = (path: ByteString, bytes: Uint8Array): void => {
    try {
      // To its end first: what half of a database says would be another grouping than that of all of it.
      const whole = parseRpmDatabase(bytes);
      while (whole.next().done !== true) continue;
      for (const [file, name] of parseRpmDatabase(bytes)) owners.add(file, name);
    } catch (error) {
      if (!(error instanceof DatabaseFault)) throw error;
      notices.push(`${path}: ${error.message}, not read; ${instead}`);
    }
  };
  const most = LARGEST_RPM;
  const tooLarge = await readRecords(root, RPM_SQLITE, take, { most, signal });
  for (const path of tooLarge) notices.push(`${path}: above ${most} bytes, not read; ${instead}`);
  for (const path of RPM_SQLITE) {
    if ((root.lstat(`${path}-wal` as ByteString)?.size ?? 0) === 0) continue;
    notices.push(`${path}-wal: not read; what it adds to the database is grouped by directory`);
  }
  for (const path of RPM_OTHERS) {
    if (root.lstat(path)?.type !== "file") continue;
    notices.push(`${path}: a database of rpm in a form that is not read; ${instead}`);
  }
  return notices;
}

function dpkgRecords(root: ImageFilesystem): ByteString[] {
  const listed = (directory: ByteString, ending: string): ByteString[] =>
    root.lstat(directory)?.type !== "directory"
      ? []
      : root
          .list(directory)
          .filter((name) => name.endsWith(ending))
          .map((name) => `${directory}/${name}` as ByteString);
  return [...listed(DPKG_INFO, ".list"), ...listed(DPKG_STATUS_DIRECTORY, ".md5sums")];
}

function packageOf(record: ByteString): ByteString {
  const name = record.slice(record.lastIndexOf("/") + 1) as ByteString;
  const isPlain = record.startsWith(`${DPKG_STATUS_DIRECTORY}/`) && !name.endsWith(".md5sums");
  return isPlain ? name : dpkgPackage(name);
}

/** Where a package's file lies, if another package diverted it. */
function diverted(
  file: ByteString,
  name: ByteString,
  diversions: ReadonlyMap<ByteString, Diversion>,
): ByteString {
  const diversion = diversions.get(file);
  return diversion === undefined || diversion.by === name ? file : diversion.to;
}

interface Owners {
  add(path: ByteString, name: ByteString): void;
  of(path: ByteString): ByteString | undefined;
}

/** Longer paths in records are ignored: looking one up takes time in proportion to its square. */
const LONGEST = 1024;
/** So many different directories of records are looked up; a root filesystem of 3.9 GB has 5,000. */
const MOST_DIRECTORIES = 100_000;
/** `/lib` to `/usr/lib` is one. Links may have long targets, so few of them are followed. */
const LINK_HOPS = 4;

function createOwners(root: ImageFilesystem): Owners {
  const owners = new Map<ByteString, ByteString>();
  /** Where the directories that records name really are: a record names few of them, many times. */
  const directories = new Map<ByteString, string | undefined>([["" as ByteString, ""]]);
  const directoryAt = (path: ByteString): string | undefined => {
    if (directories.has(path) || directories.size > MOST_DIRECTORIES) return directories.get(path);
    const found = tracePath(root, path, { limits: { linkHops: LINK_HOPS } });
    const real = found.path === "/" ? "" : found.path;
    directories.set(path, found.node?.type === "directory" ? real : undefined);
    return directories.get(path);
  };
  return {
    add(path, name) {
      if (path.length > LONGEST || !path.startsWith("/")) return;
      const slash = path.lastIndexOf("/");
      const directory = directoryAt(path.slice(0, slash) as ByteString);
      if (directory === undefined) return;
      const real = `${directory}/${path.slice(slash + 1)}` as ByteString;
      if (root.lstat(real) === undefined) return;
      const other = owners.get(real);
      if (other === undefined || name < other) owners.set(real, name);
    },
    of(path) {
      const own = owners.get(path);
      if (own !== undefined) return own;
      // What dpkg keeps of a package changes when the package does.
      const isInfo = [DPKG_INFO, DPKG_STATUS_DIRECTORY].some((at) => path.startsWith(`${at}/`));
      return isInfo ? packageOf(path) : undefined;
    },
  };
}
