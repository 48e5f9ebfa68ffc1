// SPDX-License-Identifier: MIT
import { constants } from "node:os";
import {
  decodeText,
  fromBytes,
  fromText,
  toText,
  type ByteString,
} from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import type { SystemPath } from "../../files/proc-path.ts";
import { unreadable } from "../directory-walk.ts";
import { dumpXattrs } from "./dump-inode-xattrs.ts";
import { ADDON, type XattrCalls } from "./xattr-calls.ts";
import { NO_XATTRS, sortedXattrs, type Xattrs } from "./xattr-command.ts";

const NO_NAMES: readonly string[] = [];
/** The errors of a file system without extended attributes; their numbers are equal on Linux only. */
const UNSUPPORTED: readonly number[] = [constants.errno.ENOTSUP, constants.errno.EOPNOTSUPP];

/**
 * All extended attributes of the inode at `place`, sorted by name, values as bytes; none on a file system
 * that does not support them. A link is not followed. If the path or the name of an attribute is not UTF-8,
 * the command `getfattr` reads them. `root` and `path` are for messages. Called for every inode of a tree,
 * so it allocates nothing when there are no attributes, which is the usual case.
 * @throws OciError `unsupported-operation` where this machine cannot read them: no calls, or a name that is
 * not UTF-8 and no command; `unreadable` when the system refuses
 */
export function readXattrs(
  root: string,
  path: ByteString,
  place: SystemPath,
  load: () => XattrCalls,
): Xattrs {
  const file = typeof place === "string" ? place : decodeText(fromBytes(place));
  if (file === undefined) return dumpOrExplain(root, path, place);
  const calls = loadOrExplain(root, path, load);
  const names = listNames(root, path, file, calls);
  if (names === undefined) return dumpOrExplain(root, path, place);
  if (names.length === 0) return NO_XATTRS;
  const found = names.map((name): [ByteString, ByteString] => {
    const value = calls.getAttributeSync(file, name);
    if (value !== null) return [fromText(name), fromBytes(value)];
    throw unreadable(root, path, new Error(`no access to its attribute ${JSON.stringify(name)}`));
  });
  return sortedXattrs(found);
}

/** The names of the attributes; undefined when one of them is not UTF-8. */
function listNames(
  root: string,
  path: ByteString,
  file: string,
  calls: XattrCalls,
): readonly string[] | undefined {
  try {
    return calls.listAttributesSync(file);
  } catch (error) {
    if (isNameProblem(error)) return undefined;
    if (UNSUPPORTED.includes(systemNumber(error))) return NO_NAMES;
    throw unreadable(root, path, error);
  }
}

function isNameProblem(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "InvalidArg";
}

// The package gives the system's error only in its message: "Not supported (os error 95)".
function systemNumber(error: unknown): number {
  return Number(/\(os error (\d+)\)/.exec(error instanceof Error ? error.message : "")?.[1]);
}

/** As {@link readXattrs}, but always by the command, which takes milliseconds and accepts any name. @throws as it does */
export function dumpOrExplain(root: string, path: ByteString, place: SystemPath): Xattrs {
  try {
    return dumpXattrs(place);
  } catch (error) {
    if (isMissingCommand(error) || process.platform !== "linux") {
      const hint = "Install the command getfattr, or give it a name that is UTF-8.";
      throw unsupported(root, path, "a name is not UTF-8", hint, error);
    }
    if (error instanceof Error && error.message.endsWith(": Operation not supported"))
      return NO_XATTRS;
    throw unreadable(root, path, error);
  }
}

function isMissingCommand(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "spawnSync getfattr";
}

function loadOrExplain(root: string, path: ByteString, load: () => XattrCalls): XattrCalls {
  try {
    return load();
  } catch (cause) {
    const missing = cause instanceof Error && "code" in cause && cause.code === "MODULE_NOT_FOUND";
    const { platform, arch } = process;
    throw missing
      ? unsupported(
          root,
          path,
          `${ADDON} is not installed`,
          `Run npm install ${ADDON}, or install the command getfattr.`,
          cause,
        )
      : unsupported(
          root,
          path,
          `${ADDON} has no build for ${platform} ${arch}`,
          "Install the command getfattr, or read the directory on another machine.",
          cause,
        );
  }
}

function unsupported(
  root: string,
  path: ByteString,
  why: string,
  hint: string,
  cause?: unknown,
): OciError {
  return new OciError(
    "unsupported-operation",
    `${root}: ${toText(path)}: its extended attributes can't be read here: ${why}`,
    { details: { path }, hint, cause },
  );
}
