// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { directoryOf, explainStop, follow } from "../image/examination.ts";
import { CountedPaths } from "./counted-paths.ts";
import { matcherOfAll, treeAt, within } from "./path-pattern.ts";
import type {
  DanglingLinksPolicy,
  OwnersPolicy,
  PrivilegesPolicy,
  WorldWritablePolicy,
} from "./policy.ts";
import type { BeginCheck, Reporter } from "./policy-check.ts";

const [SETUID, SETGID, STICKY, WRITE] = [0o4000, 0o2000, 0o1000, 0o002];
const EXECUTE = 0o111;
const CAPABILITY = fromText("security.capability");

/** Reports every file with privileges of its own that the inventory does not have. */
export const beginPrivileges: BeginCheck<PrivilegesPolicy> = ({ allowed }, { root }, reporter) => {
  const isAllowed = matcherOfAll(root, allowed);
  return {
    visit(path, { type, mode, uid, gid, xattrs }) {
      if (type !== "file") return;
      const has = [
        ...((mode & SETUID) === 0 ? [] : [`setuid for ${uid}`]),
        // Without a permission to be executed, setgid once meant mandatory locking.
        ...((mode & SETGID) === 0 || (mode & EXECUTE) === 0 ? [] : [`setgid for ${gid}`]),
        ...(xattrs.has(CAPABILITY) ? ["capabilities"] : []),
      ];
      if (has.length === 0 || isAllowed(path)) return;
      reporter.tell("privilege-extra", path, `has ${has.join(", ")}, and is not in the inventory`);
    },
    finish: () => undefined,
  };
};

/** Compares the owner of everything in each tree; one finding for each tree and owner. */
export const beginOwners: BeginCheck<OwnersPolicy> = (policy, { root }, reporter) => {
  const trees = policy.trees.map(({ path, uid, gid }) => ({
    ...{ uid, gid, tree: treeAt(root, path) },
    wrong: new CountedPaths(),
  }));
  return {
    visit(path, node) {
      for (const { tree, uid, gid, wrong } of trees) {
        if (node.uid === uid && node.gid === gid) continue;
        if (tree.holds(path) && !reporter.exempts(path)) wrong.add(`${node.uid}:${node.gid}`, path);
      }
    },
    finish() {
      for (const { tree, uid, gid, wrong } of trees) {
        if (!tree.isThere) {
          reporter.tell("tree-missing", tree.path, "expected a tree there, got nothing");
        }
        for (const { first, fault, more } of wrong.told("in that tree")) {
          const message = `expected the owner ${uid}:${gid}, got ${fault}${more}`;
          reporter.tell("wrong-owner", first, message);
        }
      }
    },
  };
};

/** Follows every symbolic link; one finding for those of a directory that stop at the same place. */
export const beginDanglingLinks: BeginCheck<DanglingLinksPolicy> = (policy, { root }, reporter) => {
  tellAbsent(root, policy.below, reporter);
  const isMeant = within(root, policy.below);
  const links: ByteString[] = [];
  const lost = new CountedPaths();
  return {
    visit(path, { type }) {
      if (type === "symlink" && isMeant(path)) links.push(path);
    },
    finish(examination) {
      for (const path of links) {
        const found = follow(examination, path);
        if (found.node !== undefined || reporter.exempts(path)) continue;
        lost.add(`${explainStop(found)}\0${directoryOf(path)}`, path);
      }
      for (const { first, fault, more } of lost.told("in that directory")) {
        const [why] = fault.split("\0");
        reporter.tell("dangling-link", first, `leads nowhere: ${why!}${more}`);
      }
    },
  };
};

/** Reports what everybody may write to; one finding for each directory. */
export const beginWorldWritable: BeginCheck<WorldWritablePolicy> = (policy, { root }, reporter) => {
  tellAbsent(root, policy.below, reporter);
  const isMeant = within(root, policy.below);
  const found = new CountedPaths();
  return {
    visit(path, { type, mode }) {
      if ((mode & WRITE) === 0 || type === "symlink" || !isMeant(path)) return;
      if (type === "directory" && (mode & STICKY) !== 0) return;
      if (type === "character" || reporter.exempts(path)) return;
      found.add(directoryOf(path), path);
    },
    finish() {
      for (const { first, more } of found.told("in that directory")) {
        reporter.tell("world-writable", first, `everybody may write to it${more}`);
      }
    },
  };
};

/** A tree that is not there would always pass. */
function tellAbsent(
  root: RootFilesystem,
  trees: readonly string[] | undefined,
  reporter: Reporter,
): void {
  for (const { path, isThere } of (trees ?? []).map((tree) => treeAt(root, tree))) {
    if (!isThere) reporter.tell("tree-missing", path, "expected a tree there, got nothing");
  }
}
