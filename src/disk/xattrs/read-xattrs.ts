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
/** A file system without extended attributes; two numbers outside Linux. */
const UNSUPPORTED: readonly number[] = [constants.errno.ENOTSUP, constants.errno.EOPNOTSUPP];

/**
 * All extended attributes of what lies at `place`, sorted by name, values as bytes; none on a file system
 * that has no such thing. A link is not followed. A name that is no text, its own or an attribute's,
 * is asked for by the command `getfattr`. `root` and `path` are for messages. Asked of every inode of a
 * tree: where there are none, which is most, it makes nothing.
 * @throws OciError `unsupported-operation` where they can't be asked for on this machine: no calls, or a
 * name that is no text and no command; `unreadable` where the system refused
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

/** Undefined when a name among them is not UTF-8. */
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

// The package tells the system's error only in its message: "Not supported (os error 95)".
function systemNumber(error: unknown): number {
  return Number(/\(os error (\d+)\)/.exec(error instanceof Error ? error.message : "")?.[1]);
}

/** {@link readXattrs} by the command alone: it takes milliseconds, but any name. @throws as it does */
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
