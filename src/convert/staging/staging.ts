// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { systemCode, writing } from "../../files/system-error.ts";
import { ownedName, stemOf } from "../../files/owned-name.ts";
import { removeTree } from "../../files/remove-tree.ts";
import type { ContentLocation } from "../../rootfs/contents/content-plan.ts";
import { procPath, type SystemPath } from "../../files/proc-path.ts";
import { DIRECTORY_ITSELF } from "./directory-cursor.ts";

/**
 * A private directory inside the directory that is unpacked into. Every inode is made here, named by a
 * number, before it gets its real name. Obstacles in that directory are moved here, too.
 */
export interface Staging {
  readonly name: string;
  /** The open staging directory, for reading and as the working directory of a child process. */
  readonly fd: number;
  /** A path on this machine to which `/name` can be appended. ASCII on Linux. */
  readonly base: string;
  /** A new, unique name for an obstacle that is moved here. */
  nextAside(): string;
  /** Removes the staging directory with everything left in it. */
  remove(): Promise<void>;
  /** Closes the file descriptor. Idempotent. */
  close(): void;
}

const STEM = ".oci-kit-staging";
const ASIDE = "aside-";

/** Makes a random name for a staging directory, which no image can know in advance. */
export function stagingName(): string {
  return ownedName(STEM);
}

/** Whether {@link stagingName} could have made this name: one path component, never a name from an image. */
export function isStagingName(name: string): boolean {
  return stemOf(name) === STEM && !name.includes("/");
}

/** The name under which the inode of a layer's entry is staged. */
export function stagedName({ layer, entry }: ContentLocation): string {
  return `${layer}-${entry}`;
}

/**
 * Makes the staging directory.
 * @param root a path of the directory it is made in
 * @param usesProcPaths whether it is reached through its file descriptor, so that nobody can put another in its
 * place
 * @throws OciError `unwritable`
 */
export function createStaging(root: string, name: string, usesProcPaths: boolean): Staging {
  const place = `${root}/${name}`;
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  const fd = writing(place, () => {
    fs.mkdirSync(place, 0o700);
    return fs.openSync(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  });
  let closed = false;
  let asides = 0;
  return {
    name,
    fd,
    base: usesProcPaths ? procPath(fd) : place,
    nextAside: () => `${ASIDE}${(asides += 1)}`,
    remove: () => removeTree(place),
    close() {
      if (!closed) fs.closeSync(fd);
      closed = true;
    },
  };
}

/**
 * Clears a path in one step: a directory is moved to the staging directory with everything in it, anything
 * else is removed. If nothing is there, that is not an error.
 * @throws the system's error
 */
export function takeAway(place: SystemPath, staging: Staging): void {
  try {
    fs.unlinkSync(place);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return;
    // Systems other than Linux report EPERM for a directory.
    if (code !== "EISDIR" && code !== "EPERM") throw error;
    moveDirectory(place, `${staging.base}/${staging.nextAside()}`);
  }
}

/** Moving a directory writes to it, because its `..` changes, so its owner must have the right to do that. */
function moveDirectory(place: SystemPath, target: string): void {
  try {
    fs.renameSync(place, target);
  } catch (error) {
    if (systemCode(error) !== "EACCES") throw error;
    const fd = fs.openSync(place, DIRECTORY_ITSELF);
    try {
      fs.chmodSync(procPath(fd), 0o700);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(place, target);
  }
}
