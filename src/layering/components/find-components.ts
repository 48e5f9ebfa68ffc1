// SPDX-License-Identifier: MIT
import { fromBytes, toText, type ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { APK_INSTALLED, parseApkInstalled } from "./apk-records.ts";
import { createComponentMaker, type Component } from "./component.ts";
import { findDeclared, type DeclaredComponent } from "./declared-component.ts";
import { directoryComponent } from "./directory-component.ts";
import {
  DPKG_DIVERSIONS,
  DPKG_INFO,
  DPKG_STATUS,
  DPKG_STATUS_DIRECTORY,
  dpkgPackage,
  parseDiversions,
  parseDpkgList,
  parseDpkgStatus,
  parseMd5sums,
  type Diversion,
} from "./dpkg-records.ts";
import { createPackageOwners, type PackageFile, type PackageOwners } from "./package-owners.ts";
import { readRecords } from "./read-records.ts";
import { parseRpmDatabase, RPM_OTHERS, RPM_SQLITE } from "./rpm-records.ts";
import { DatabaseFault } from "./sqlite-table.ts";

export interface FindComponentsOptions extends AbortOptions {
  /** Components that the caller names; they come before what the image's own records say. */
  readonly declared?: readonly DeclaredComponent[] | undefined;
}

/** Which component each path of an image belongs to: always the same for the same image and declarations. */
export interface Components {
  /** The same object for all paths of one component. */
  of(path: ByteString): Component;
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
  const owners = createPackageOwners(root);
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
  const take = (path: ByteString, bytes: Uint8Array): void =>
    takeRecord(path, fromBytes(bytes), owners, diversions.map);
  const tooLarge = await readRecords(root, records, take, { signal });
  const notices = tooLarge.map(
    (path) => `${toText(path)}: too large for a record of packages, not read`,
  );
  notices.push(...(await readRpm(root, owners, { signal })));
  const make = createComponentMaker();
  return {
    of(path) {
      const name = declaredOf(path);
      if (name !== undefined) return make.named(name);
      const owner = owners.of(path) ?? packageOfRecord(path);
      if (owner === undefined) return make.named(toText(directoryComponent(path)));
      return make.ofPackage(path, owner, owners.sourceOf(owner));
    },
    notices,
  };
}

function takeRecord(
  path: ByteString,
  text: ByteString,
  owners: PackageOwners,
  diversions: ReadonlyMap<ByteString, Diversion>,
): void {
  if (APK_INSTALLED.includes(path)) {
    addPackages(parseApkInstalled(text), owners);
    return;
  }
  if (isDpkgStatus(path)) {
    for (const [name, source] of parseDpkgStatus(text)) owners.addSource(name, source);
    return;
  }
  const name = packageOf(path);
  const files = path.endsWith(".md5sums") ? parseMd5sums(text) : parseDpkgList(text);
  for (const file of files) owners.addFile(diverted(file, name, diversions), name);
  owners.addFile(path, name);
}

function addPackages(files: Iterable<PackageFile>, owners: PackageOwners): void {
  for (const { path, name, source } of files) {
    owners.addFile(path, name);
    if (source !== undefined) owners.addSource(name, source);
  }
}

/** Adds what rpm's database names; gives what could not be used, each as one line for people. */
async function readRpm(
  root: ImageFilesystem,
  owners: PackageOwners,
  { signal }: AbortOptions,
): Promise<readonly string[]> {
  const instead = "files are grouped by directory, or as --component says";
  const notices: string[] = [];
  const take = (path: ByteString, bytes: Uint8Array): void => {
    try {
      // To its end first: what half of a database says would be another grouping than that of all of it.
      const whole = parseRpmDatabase(bytes);
      while (whole.next().done !== true) continue;
      addPackages(parseRpmDatabase(bytes), owners);
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
  const listed = (directory: ByteString): ByteString[] =>
    root.lstat(directory)?.type !== "directory"
      ? []
      : root.list(directory).map((name) => `${directory}/${name}` as ByteString);
  const lists = listed(DPKG_INFO).filter((path) => path.endsWith(".list"));
  return [DPKG_STATUS, ...lists, ...listed(DPKG_STATUS_DIRECTORY)];
}

/** Whether a record is of paragraphs about packages, and not of the paths of one. */
function isDpkgStatus(path: ByteString): boolean {
  const isBelow = path.startsWith(`${DPKG_STATUS_DIRECTORY}/`);
  return path === DPKG_STATUS || (isBelow && !path.endsWith(".md5sums"));
}

const RECORDS = [DPKG_INFO, DPKG_STATUS_DIRECTORY].map((directory) => `${directory}/`);

/** The package that a file among dpkg's own is about: it changes when the package does. */
function packageOfRecord(path: ByteString): ByteString | undefined {
  return RECORDS.some((above) => path.startsWith(above)) ? packageOf(path) : undefined;
}

function packageOf(record: ByteString): ByteString {
  const name = record.slice(record.lastIndexOf("/") + 1) as ByteString;
  return isDpkgStatus(record) ? name : dpkgPackage(name);
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
